// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

/// Groq: OpenAI's shapes below another path, windows of days, files of 100 MB.
@Suite struct GroqTests {
  private static let base = "https://api.groq.com/openai/v1"
  private static let file = """
    {"id":"file_01jh6x76wtemjr74t1fh0faj5t","object":"file","bytes":966,"created_at":1736472501,\
    "filename":"batch_file.jsonl","purpose":"batch"}
    """

  private static func batch(_ status: String, _ fields: String = #""errors":null"#) -> String {
    """
    {"id":"batch_01jh6xa7reempvjyh6n3yst2zw","object":"batch","endpoint":"/v1/chat/completions",\
    "input_file_id":"file_01jh6x76wtemjr74t1fh0faj5t","completion_window":"7d","status":"\(status)",\
    "output_file_id":null,"error_file_id":null,"finalizing_at":null,"failed_at":null,"expired_at":null,\
    "cancelled_at":null,"request_counts":{"total":0,"completed":0,"failed":0},"metadata":null,\
    "created_at":1736472600,"expires_at":1737077400,"cancelling_at":null,"completed_at":null,"in_progress_at":null,\
    \(fields)}
    """
  }

  @Test func theWholeWay() async throws {
    let id = "batch_01jh6xa7reempvjyh6n3yst2zw"
    let recording = Recording([
      Exchange("POST \(Self.base)/files", Self.file),
      Exchange("GET \(Self.base)/files/file_01jh6x76wtemjr74t1fh0faj5t", Self.file),
      Exchange("POST \(Self.base)/batches", Self.batch("validating")),
      Exchange("GET \(Self.base)/batches/\(id)", Self.batch("in_progress")),
      Exchange("POST \(Self.base)/batches/\(id)/cancel", Self.batch("cancelling")),
      // Groq documents neither `first_id` nor `has_more`.
      Exchange(
        "GET \(Self.base)/batches?limit=100",
        #"{"object":"list","data":[\#(Self.batch("completed"))],"paging":{}}"#),
      Exchange("GET \(Self.base)/files/file_01jh6x76wtemjr74t1fh0faj5t/content", "{}"),
    ])
    let client = recording.client(.groq(apiKey: "gsk-test-key"))
    let file = try await client.uploadFile([1], named: "batch_file.jsonl")
    #expect(recording.form(of: 0) == ["purpose=batch", "file@batch_file.jsonl"])
    #expect(try await client.retrieveFile(file.id) == file)
    let batch = try await client.createBatch(
      CreateBatchRequest(
        inputFileID: file.id, endpoint: .chatCompletions, completionWindow: CompletionWindow("7d")))
    #expect(batch.completionWindow == "7d")
    let sent = try object(recording.transport.requests[2].body)
    #expect(sent["completion_window"] as? String == "7d")
    #expect((sent["metadata"] as? NSDictionary)?.count == 1, "the key's mark")
    #expect(try await client.retrieveBatch(batch.id).status == .inProgress)
    #expect(try await client.cancelBatch(batch.id).status == .cancelling)
    var listed: [BatchID] = []
    for try await batch in client.batches() { listed.append(batch.id) }
    #expect(listed == [batch.id])
    var content: [UInt8] = []
    for try await chunk in client.content(of: file.id) { content += chunk }
    #expect(content == Array("{}".utf8))
    #expect(recording.values("authorization").allSatisfy { $0 == "Bearer gsk-test-key" })
  }

  @Test func aFailedBatch() async throws {
    let text = Self.batch(
      "failed", #""errors":{"object":"list","data":[{"code":"invalid_method","message":"Bad.","line":4}]}"#)
    let recording = Recording([Exchange("GET \(Self.base)/batches/batch_1", text)])
    let batch = try await recording.client(.groq(apiKey: "gsk-test-key")).retrieveBatch("batch_1")
    #expect(batch.errors.map(\.line) == [4])
    #expect(batch.failure != .retryLater)
  }

  @Test func aFileOverTheLimitIsNotSent() async throws {
    let recording = Recording([])
    let client = recording.client(.groq(apiKey: "gsk-test-key"))
    let bytes = [UInt8](repeating: 0x20, count: 100_000_001)
    let error = try await failure { try await client.uploadFile(bytes, named: "rows.jsonl") }
    #expect(error.kind == .invalidRequest)
    #expect(error.message.contains("100000000"))
    #expect(recording.transport.requests.isEmpty)
  }
}
