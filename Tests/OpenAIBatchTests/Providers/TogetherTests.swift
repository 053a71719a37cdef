// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

/// Together AI: a create that is wrapped in `job`, bare batches and bare lists, states in capitals, ISO 8601 times,
/// a purpose and an upload path of its own, an error as text.
@Suite struct TogetherTests {
  private static let base = "https://api.together.xyz/v1"
  private static let file = """
    {"id":"file-0f2b5b5e-7c6a","object":"file","created_at":1800000000,"filename":"rows.jsonl","bytes":1,\
    "purpose":"batch-api","FileType":"jsonl","Processed":true,"LineCount":1}
    """

  private static func batch(_ status: String, _ fields: String = "") -> String {
    """
    {"id":"a2f2e2c4-11d5","user_id":"u-1","input_file_id":"file-0f2b5b5e-7c6a","file_size_bytes":1,\
    "status":"\(status)","job_deadline":"2027-01-16T08:00:00.000Z","created_at":"2027-01-15T08:00:00.000Z",\
    "endpoint":"/v1/chat/completions","progress":0,"model_id":"meta/llama"\(fields)}
    """
  }

  @Test func theWholeWay() async throws {
    let recording = Recording([
      Exchange("POST \(Self.base)/files/upload", Self.file),
      Exchange("GET \(Self.base)/files/file-0f2b5b5e-7c6a", Self.file),
      Exchange("POST \(Self.base)/batches", 201, #"{"job":\#(Self.batch("VALIDATING")),"warning":""}"#),
      Exchange("GET \(Self.base)/batches/a2f2e2c4-11d5", Self.batch("IN_PROGRESS")),
      Exchange("POST \(Self.base)/batches/a2f2e2c4-11d5/cancel", Self.batch("CANCELLED")),
      Exchange("GET \(Self.base)/batches?limit=100", "[\(Self.batch("COMPLETED"))]"),
      Exchange(
        "GET \(Self.base)/files?limit=1000&order=desc&purpose=batch-api", #"{"data":[\#(Self.file)]}"#),
      Exchange("GET \(Self.base)/files/file-0f2b5b5e-7c6a/content", "{}"),
      Exchange(
        "DELETE \(Self.base)/files/file-0f2b5b5e-7c6a", #"{"id":"file-0f2b5b5e-7c6a","deleted":true}"#),
    ])
    let client = recording.client(.together(apiKey: "together-key"))
    let file = try await client.uploadFile([1], named: "rows.jsonl")
    #expect(recording.form(of: 0) == ["purpose=batch-api", "file_name=rows.jsonl", "file@rows.jsonl"])
    #expect(try await client.retrieveFile(file.id) == file)
    let batch = try await client.createBatch(
      CreateBatchRequest(inputFileID: file.id, endpoint: .chatCompletions))
    #expect(batch.id == "a2f2e2c4-11d5")
    #expect(batch.status == .validating)
    #expect(batch.model == "meta/llama")
    #expect(batch.expiresAt?.timeIntervalSince1970 == 1_800_086_400)
    #expect(try await client.retrieveBatch(batch.id).status == .inProgress)
    #expect(try await client.cancelBatch(batch.id).status == .cancelled)
    var listed: [BatchStatus] = []
    for try await batch in client.batches() { listed.append(batch.status) }
    #expect(listed == [.completed])
    var files: [FileID] = []
    for try await file in client.files(purpose: .batch) { files.append(file.id) }
    #expect(files == [file.id])
    var content: [UInt8] = []
    for try await chunk in client.content(of: file.id) { content += chunk }
    #expect(content == Array("{}".utf8))
    #expect(try await client.deleteFile(file.id).deleted)
  }

  @Test func aFailedBatch() async throws {
    let text = Self.batch("FAILED", #","error":"Line 2 is not valid.""#)
    let recording = Recording([Exchange("GET \(Self.base)/batches/a2f2e2c4-11d5", text)])
    let client = recording.client(.together(apiKey: "together-key"))
    let batch = try await client.retrieveBatch("a2f2e2c4-11d5")
    #expect(batch.status == .failed)
    #expect(batch.errors.map(\.message) == ["Line 2 is not valid."])
  }

  /// A list without metadata cannot show the key: a lost create is known by its file and endpoint.
  @Test func aLostCreateIsAdoptedThoughMetadataIsDropped() async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      if request.method == "POST" { throw .scripted(.interrupted) }
      return Reply(200, "[\(Self.batch("VALIDATING"))]")
    }
    var configuration = BatchClient.Configuration.together(apiKey: "together-key")
    configuration.clock = PolicyClock(clock) { testEpoch + clock.elapsed / .seconds(1) }
    let client = BatchClient(configuration: configuration, transport: transport)
    let request = CreateBatchRequest(inputFileID: "file-0f2b5b5e-7c6a", endpoint: .chatCompletions)
    #expect(try await client.createBatch(request).id == "a2f2e2c4-11d5")
    #expect(transport.requests.filter { $0.method == "POST" }.count == 1)
  }
}
