// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import Testing

@testable internal import OpenAIBatchSimulator

struct InputCheckTests {
  struct BadLine: CustomTestStringConvertible, Sendable {
    let line: String
    let code: String
    var param: String?
    var testDescription: String { "\(code) \(param ?? "") \(line.prefix(60))" }
  }

  private static let url = "/v1/chat/completions"
  private static let body = #"{"model":"gpt-4o-mini","messages":[]}"#

  private static let badLines: [BadLine] = [
    .init(line: "{", code: "invalid_json_line"),
    .init(line: "[]", code: "invalid_json_line"),
    .init(line: #"{"custom_id":"x"} {}"#, code: "invalid_json_line"),
    .init(
      line: #"{"method":"POST","url":"\#(url)","body":\#(body)}"#, code: "missing_required_parameter",
      param: "custom_id"),
    .init(
      line: #"{"custom_id":"","method":"POST","url":"\#(url)","body":\#(body)}"#,
      code: "missing_required_parameter", param: "custom_id"),
    .init(
      line: #"{"custom_id":"x","url":"\#(url)","body":\#(body)}"#, code: "missing_required_parameter",
      param: "method"),
    .init(
      line: #"{"custom_id":"x","method":"POST","body":\#(body)}"#, code: "missing_required_parameter",
      param: "url"),
    .init(
      line: #"{"custom_id":"x","method":"POST","url":"\#(url)"}"#, code: "missing_required_parameter",
      param: "body"),
    .init(
      line: #"{"custom_id":"x","method":"POST","url":"\#(url)","body":null}"#,
      code: "missing_required_parameter", param: "body"),
    .init(
      line: #"{"custom_id":7,"method":"POST","url":"\#(url)","body":\#(body)}"#, code: "invalid_request",
      param: "custom_id"),
    .init(
      line: #"{"custom_id":"x","method":"GET","url":"\#(url)","body":\#(body)}"#, code: "invalid_method",
      param: "method"),
    .init(
      line: #"{"custom_id":"x","method":"POST","url":"/v1/responses","body":\#(body)}"#, code: "invalid_url",
      param: "url"),
    .init(
      line: #"{"custom_id":"x","method":"POST","url":"\#(url)","body":[]}"#, code: "invalid_request",
      param: "body"),
    .init(
      line: #"{"custom_id":"x","method":"POST","url":"\#(url)","body":{"messages":[]}}"#,
      code: "invalid_request",
      param: "body.model"),
    .init(
      line: #"{"custom_id":"x","method":"POST","url":"\#(url)","body":{"model":"gpt-4o-mini"}}"#,
      code: "invalid_request", param: "body.messages"),
    .init(
      line: #"{"custom_id":"x","method":"POST","url":"\#(url)","body":{"model":"gpt-4o","messages":[]}}"#,
      code: "mismatched_model", param: "body.model"),
    .init(
      line:
        #"{"custom_id":"x","method":"POST","url":"\#(url)","body":{"model":"gpt-4o-mini","messages":[],"stream":true}}"#,
      code: "streaming_unsupported", param: "body.stream"),
    .init(
      line: #"{"custom_id":"row-0","method":"POST","url":"\#(url)","body":\#(body)}"#,
      code: "duplicate_custom_id",
      param: "custom_id"),
  ]

  @Test(arguments: badLines)
  func `a bad line fails the batch, with its number`(bad: BadLine) async throws {
    let batch = try await TestService().run(chatLine("row-0") + "\n" + bad.line + "\n" + chatLine("row-2"))
    #expect(batch["status"]?.string == "failed")
    #expect(batch["failed_at"]?.int == TestService.start)
    #expect(batch["errors"]?["object"]?.string == "list")
    let errors = batch["errors"]?["data"]?.elements ?? []
    #expect(errors.count == 1)
    #expect(errors.first?["code"]?.string == bad.code)
    #expect(errors.first?["line"]?.int == 3)
    #expect(errors.first?["param"]?.string == bad.param)
    #expect(errors.first?["message"]?.string?.isEmpty == false)
    #expect(batch["request_counts"]?["total"]?.int == 0)
    #expect(batch["output_file_id"]?.isNull == true)
  }

  @Test func `every bad line is reported, up to a limit`() async throws {
    let lines = (0..<150).map { #"{"custom_id":"\#($0)"}"# + "\n" }.joined()
    let batch = try await TestService().run(lines)
    let errors = batch["errors"]?["data"]?.elements ?? []
    #expect(errors.map { $0["line"]?.int } == Array(1...InputCheck.maximumErrors))
  }

  @Test(arguments: [("file-none", "invalid_request", "file_id"), ("", "invalid_request", "file_id")])
  func `a file that does not exist fails the batch, not its creation`(
    fileID: String, code: String, param: String
  ) async throws {
    let service = TestService()
    let reply = try await service.createBatch(fileID)
    #expect(reply.status == 200)
    service.clock.advance(by: .seconds(1))
    let batch = try await service.retrieve(try reply.json["id"]?.string ?? "")
    #expect(batch["status"]?.string == "failed")
    let error = batch["errors"]?["data"]?[0]
    #expect(error?["code"]?.string == code)
    #expect(error?["param"]?.string == param)
    #expect(error?["line"]?.isNull == true)
  }

  @Test func `a file without requests is empty`() async throws {
    let service = TestService()
    // The upload of a batch file would refuse it at once.
    let file = try await service.upload("\n\n", fields: [("purpose", "user_data")])
    let reply = try await service.createBatch(try file.json["id"]?.string ?? "")
    service.clock.advance(by: .seconds(1))
    let batch = try await service.retrieve(try reply.json["id"]?.string ?? "")
    #expect(batch["errors"]?["data"]?[0]?["code"]?.string == "empty_file")
  }

  @Test func `too many requests`() async throws {
    let batch = try await TestService().run(chatLines(50_001))
    #expect(batch["errors"]?["data"]?.elements.map { $0["code"]?.string } == ["too_many_tasks"])
    #expect(batch["errors"]?["data"]?[0]?["line"]?.isNull == true)
  }

  @Test func `too many embedding inputs`() async throws {
    let inputs = "[" + Array(repeating: "\"a\"", count: 25_001).joined(separator: ",") + "]"
    let lines = (0..<2).map {
      #"{"custom_id":"\#($0)","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":\#(inputs)}}"#
        + "\n"
    }
    let batch = try await TestService().run(lines.joined(), endpoint: "/v1/embeddings")
    #expect(batch["errors"]?["data"]?[0]?["code"]?.string == "too_many_tasks")
  }

  @Test func `a model that does not exist`() async throws {
    let service = TestService { $0.models = ["gpt-4o"] }
    let batch = try await service.run(chatLines(2))
    let errors = batch["errors"]?["data"]?.elements ?? []
    #expect(errors.map { $0["code"]?.string } == ["model_not_found", "model_not_found"])
    #expect(errors.map { $0["line"]?.int } == [1, 2])
  }

  @Test func `queued tokens are limited, and freed at the end`() async throws {
    let line = chatLine("a", String(repeating: "word ", count: 200))
    let service = TestService { $0.queuedTokenLimit = 400 }
    let first = try await service.batch(of: line)
    let second = try await service.batch(of: line)
    service.clock.advance(by: .milliseconds(500))
    #expect(try await service.status(first) == "in_progress")
    let refused = try await service.retrieve(second)
    #expect(refused["status"]?.string == "failed")
    #expect(refused["errors"]?["data"]?[0]?["code"]?.string == "token_limit_exceeded")
    #expect(refused["errors"]?["data"]?[0]?["line"]?.isNull == true)
    #expect(try await service.post("/batches/\(first)/cancel", "").status == 200)
    service.clock.advance(by: .milliseconds(500))
    #expect(try await service.run(line)["status"]?.string == "completed")
  }

  @Test func `blank lines, CRLF and a missing last line end are fine`() async throws {
    let text = "\n" + chatLine("a").dropLast() + "\r\n\n" + chatLine("b").dropLast()
    let batch = try await TestService().run(text)
    #expect(batch["status"]?.string == "completed")
    #expect(batch["request_counts"]?["completed"]?.int == 2)
  }
}
