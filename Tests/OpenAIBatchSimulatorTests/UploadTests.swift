// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes
internal import OpenAIBatchJSON
internal import OpenAIBatchSimulator
internal import OpenAIBatchTransport
internal import Testing

struct UploadTests {
  private let service = TestService()

  private func create(_ bytes: Int, more: String = "") async throws -> TestService.Reply {
    try await service.post(
      "/uploads",
      #"{"bytes":\#(bytes),"filename":"a.jsonl","mime_type":"text/jsonl","purpose":"batch"\#(more)}"#)
  }

  private func id(_ bytes: Int) async throws -> String {
    try #require(try await create(bytes).json["id"]?.string)
  }

  private func add(_ text: String, to id: String, field: String = "data") async throws -> TestService.Reply {
    let body =
      "--b\r\nContent-Disposition: form-data; name=\"\(field)\"; filename=\"part\"\r\n\r\n\(text)\r\n--b--\r\n"
    return try await service.send(
      .post, "/uploads/\(id)/parts", headers: [.contentType: "multipart/form-data; boundary=b"],
      body: .bytes(Array(body.utf8)))
  }

  private func complete(_ id: String, _ parts: [String]) async throws -> TestService.Reply {
    let list = parts.map { "\"\($0)\"" }.joined(separator: ",")
    return try await service.post("/uploads/\(id)/complete", #"{"part_ids":[\#(list)]}"#)
  }

  @Test func `parts become a file in the order in which they are named`() async throws {
    let content = chatLines(3)
    let upload = try await create(
      content.utf8.count, more: #","expires_after":{"anchor":"created_at","seconds":3600}"#
    ).json
    #expect(upload["object"]?.string == "upload" && upload["status"]?.string == "pending")
    #expect(upload["created_at"]?.int == TestService.start)
    #expect(upload["expires_at"]?.int == TestService.start + 3600)
    #expect(upload["file"]?.isNull == true)
    let id = try #require(upload["id"]?.string)
    let second = try await add(String(content.dropFirst(10)), to: id).json
    #expect(second["object"]?.string == "upload.part" && second["upload_id"]?.string == id)
    let first = try await add(String(content.prefix(10)), to: id).json
    _ = try await add("sent twice", to: id)
    let ids = try [first, second].map { try #require($0["id"]?.string) }

    let done = try await complete(id, ids).json

    #expect(done["status"]?.string == "completed" && done["id"]?.string == id)
    let file = try #require(done["file"])
    #expect(file["bytes"]?.int == content.utf8.count && file["purpose"]?.string == "batch")
    #expect(file["expires_at"]?.int == TestService.start + 3600)
    let fileID = try #require(file["id"]?.string)
    #expect(try await service.get("/files/\(fileID)/content").text == content)
    #expect(try await service.createBatch(fileID).status == 200)
    #expect(try await complete(id, ids).status == 400, "once")
    #expect(try await add("x", to: id).status == 400)
  }

  @Test(arguments: [
    (#"{}"#, 400, "filename"),
    (#"{"bytes":1,"filename":"a.txt","mime_type":"t","purpose":"batch"}"#, 400, "file"),
    (#"{"bytes":0,"filename":"a.jsonl","mime_type":"t","purpose":"batch"}"#, 400, "file"),
    (#"{"bytes":209715201,"filename":"a.jsonl","mime_type":"t","purpose":"batch"}"#, 413, "file"),
    (#"{"bytes":8589934593,"filename":"a","mime_type":"t","purpose":"user_data"}"#, 400, "bytes"),
    (#"{"bytes":"1","filename":"a","mime_type":"t","purpose":"user_data"}"#, 400, "bytes"),
    (#"{"bytes":1,"filename":"a","purpose":"user_data"}"#, 400, "mime_type"),
    (#"{"bytes":1,"filename":"a","mime_type":"t","purpose":"batch_output"}"#, 400, "purpose"),
    (
      #"{"bytes":1,"filename":"a","mime_type":"t","purpose":"evals","expires_after":{"anchor":"created_at"}}"#,
      400, "expires_after.seconds"
    ),
  ])
  func `a bad upload is refused`(body: String, status: Int, param: String) async throws {
    let reply = try await service.post("/uploads", body)
    #expect(reply.status == status && reply.error?["param"]?.string == param, "\(reply.text)")
  }

  @Test func `parts must be there and of the declared length`() async throws {
    let id = try await id(4)
    #expect(try await add("{}", to: id, field: "file").error?["param"]?.string == "data")
    let part = try #require(try await add("{}", to: id).json["id"]?.string)
    for parts in [[], [part], [part, "part_x"], [part, part, part]] {
      let reply = try await complete(id, parts)
      #expect(reply.status == 400 && reply.error?["param"]?.string == "part_ids")
    }
    #expect(try await complete(id, [part, part]).status == 200)
  }

  @Test func `what is no batch input can be put right`() async throws {
    let id = try await id(2)
    let wrong = try #require(try await add("no", to: id).json["id"]?.string)
    #expect(try await complete(id, [wrong]).error?["param"]?.string == "file")
    #expect(try await service.get("/files").json["data"]?.elements.isEmpty == true)
    let right = try #require(try await add("{}", to: id).json["id"]?.string)
    #expect(try await complete(id, [right]).status == 200)
  }

  @Test func `an upload is cancelled or expires`() async throws {
    let cancelled = try await id(2)
    #expect(try await service.post("/uploads/\(cancelled)/cancel", "").json["status"]?.string == "cancelled")
    let expired = try await id(2)
    service.clock.advance(by: .seconds(3600))
    for id in [cancelled, expired] {
      #expect(try await add("{}", to: id).status == 400)
      #expect(try await service.post("/uploads/\(id)/cancel", "").status == 400)
    }
    #expect(try await service.post("/uploads/upload_x/cancel", "").status == 404)
  }

  @Test func `a part has at most 64 MB`() async throws {
    let id = try await id(209_715_200)
    #expect(try await add(String(repeating: "{", count: 64 << 20), to: id).status == 200)
    let reply = try await add(String(repeating: "{", count: 64 << 20 + 1), to: id)
    #expect(reply.status == 413 && reply.error?["param"]?.string == "data")
  }
}
