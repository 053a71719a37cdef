// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchSimulator
internal import Testing

struct CreateBatchTests {
  struct BadBody: CustomTestStringConvertible, Sendable {
    let json: String
    let code: String?
    var param: String?
    var testDescription: String { "\(code ?? "none") \(param ?? "") \(json.prefix(80))" }
  }

  private static func with(_ more: String) -> String {
    #"{"input_file_id":"file-1","endpoint":"/v1/responses","completion_window":"24h"\#(more)}"#
  }

  private static let seventeen = (0..<17).map { "\"\($0)\":\"x\"" }.joined(separator: ",")
  private static let long = String(repeating: "x", count: 513)

  private static let badBodies: [BadBody] = [
    .init(json: "", code: nil), .init(json: "{", code: nil), .init(json: "[]", code: nil),
    .init(
      json: #"{"endpoint":"/v1/responses","completion_window":"24h"}"#, code: "missing_required_parameter",
      param: "input_file_id"),
    .init(
      json: #"{"input_file_id":1,"endpoint":"/v1/responses","completion_window":"24h"}"#,
      code: "invalid_type",
      param: "input_file_id"),
    .init(
      json: #"{"input_file_id":"f","completion_window":"24h"}"#, code: "missing_required_parameter",
      param: "endpoint"),
    .init(
      json: #"{"input_file_id":"f","endpoint":"/v1/x","completion_window":"24h"}"#, code: "invalid_value",
      param: "endpoint"),
    .init(
      json: #"{"input_file_id":"f","endpoint":"/v1/responses"}"#, code: "missing_required_parameter",
      param: "completion_window"),
    .init(
      json: #"{"input_file_id":"f","endpoint":"/v1/responses","completion_window":"48h"}"#,
      code: "invalid_value",
      param: "completion_window"),
    .init(
      json: #"{"input_file_id":"f","endpoint":"/v1/responses","completion_window":""}"#,
      code: "invalid_value",
      param: "completion_window"),
    .init(json: with(#","metadata":{"n":1}"#), code: "invalid_type", param: "metadata.n"),
    .init(json: with(#","metadata":"x""#), code: "invalid_type", param: "metadata"),
    .init(json: with(",\"metadata\":{\(seventeen)}"), code: "object_above_max_properties", param: "metadata"),
    .init(
      json: with(",\"metadata\":{\"k\":\"\(long)\"}"), code: "string_above_max_length", param: "metadata.k"),
    .init(
      json: with(",\"metadata\":{\"\(long.prefix(65))\":\"v\"}"), code: "string_above_max_length",
      param: "metadata"),
    .init(json: with(#","output_expires_after":null"#), code: "invalid_type", param: "output_expires_after"),
    .init(
      json: with(#","output_expires_after":{"seconds":3600}"#), code: "missing_required_parameter",
      param: "output_expires_after.anchor"),
    .init(
      json: with(#","output_expires_after":{"anchor":"now","seconds":3600}"#), code: "invalid_value",
      param: "output_expires_after.anchor"),
    .init(
      json: with(#","output_expires_after":{"anchor":"created_at"}"#), code: "missing_required_parameter",
      param: "output_expires_after.seconds"),
    .init(
      json: with(#","output_expires_after":{"anchor":"created_at","seconds":"3600"}"#), code: "invalid_type",
      param: "output_expires_after.seconds"),
    .init(
      json: with(#","output_expires_after":{"anchor":"created_at","seconds":3599}"#),
      code: "integer_below_min_value", param: "output_expires_after.seconds"),
    .init(
      json: with(#","output_expires_after":{"anchor":"created_at","seconds":2592001}"#),
      code: "integer_above_max_value", param: "output_expires_after.seconds"),
  ]

  @Test(arguments: badBodies)
  func `a bad request is refused at once`(bad: BadBody) async throws {
    let service = TestService()
    let reply = try await service.post("/batches", bad.json)
    #expect(reply.status == 400)
    #expect(reply.error?["type"]?.string == "invalid_request_error")
    #expect(reply.error?["code"]?.string == bad.code)
    #expect(reply.error?["param"]?.string == bad.param)
    #expect(reply.error?["message"]?.string?.isEmpty == false)
    #expect(try await service.get("/batches").json["data"]?.elements.count == 0)
  }

  @Test(arguments: ["", #","metadata":null"#, #","metadata":{}"#, #","unknown":1"#])
  func `what is not given may be left out`(more: String) async throws {
    #expect(try await TestService().post("/batches", Self.with(more)).status == 200)
  }

  @Test func `result files expire when they are asked to`() async throws {
    let service = TestService()
    let reply = try await service.createBatch(
      service.input(chatLines(1)), more: #","output_expires_after":{"anchor":"created_at","seconds":3600}"#)
    service.clock.advance(by: .seconds(2))
    let batch = try await service.retrieve(try reply.json["id"]?.string ?? "")
    let fileID = try #require(batch["output_file_id"]?.string)
    #expect(try await service.get("/files/\(fileID)").json["expires_at"]?.int == TestService.start + 3602)
    service.clock.advance(by: .seconds(3599))
    #expect(try await service.get("/files/\(fileID)/content").status == 200)
    service.clock.advance(by: .seconds(1))
    #expect(try await service.get("/files/\(fileID)/content").status == 404)
    #expect(try await service.get("/files?purpose=batch_output").json["data"]?.elements.isEmpty == true)
  }

  @Test func `batches are listed newest first, in pages`() async throws {
    let service = TestService()
    var ids: [String] = []
    for _ in 0..<45 {
      ids.append(try #require(try await service.post("/batches", Self.with("")).json["id"]?.string))
    }
    ids.reverse()

    let first = try await service.get("/batches").json
    #expect(first["object"]?.string == "list")
    #expect(first["data"]?.elements.map { $0["id"]?.string } == ids.prefix(20).map(Optional.some))
    #expect(first["first_id"]?.string == ids[0])
    #expect(first["last_id"]?.string == ids[19])
    #expect(first["has_more"]?.bool == true)

    let last = try await service.get("/batches?limit=100&after=\(ids[39])").json
    #expect(last["data"]?.elements.map { $0["id"]?.string } == ids.suffix(5).map(Optional.some))
    #expect(last["has_more"]?.bool == false)

    let empty = try await service.get("/batches?after=\(ids[44])").json
    #expect(empty["data"]?.elements.isEmpty == true)
    #expect(empty["first_id"]?.isNull == true)
    #expect(empty["has_more"]?.bool == false)
  }

  @Test(arguments: [
    ("limit=0", "integer_below_min_value"), ("limit=101", "integer_above_max_value"),
    ("limit=x", "invalid_type"),
    ("after=batch_none", "invalid_value"),
  ])
  func `a bad page is refused`(query: String, code: String) async throws {
    let reply = try await TestService().get("/batches?\(query)")
    #expect(reply.status == 400)
    #expect(reply.error?["code"]?.string == code)
  }
}
