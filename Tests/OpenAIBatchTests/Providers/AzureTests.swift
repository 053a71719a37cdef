// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

/// Azure OpenAI: `api-key`, dotted form names, ISO 8601 times with seven digits, capitalised states, null counts,
/// `""` for files, `value` in place of `data`, and the older API with `api-version`.
@Suite struct AzureTests {
  private static let file = """
    {"status":"processed","bytes":5,"purpose":"batch","filename":"rows.jsonl","expires_at":1801209600,\
    "id":"file-655111a9","created_at":1800000000,"object":"file"}
    """

  private static func batch(_ status: String, _ fields: String = "") -> String {
    """
    {"cancelled_at":null,"cancelling_at":null,"completed_at":null,"completion_window":"24h",\
    "created_at":"2027-01-15T08:00:00.1234567Z","error_file_id":"","expired_at":null,\
    "expires_at":"2027-01-16T08:00:00.1234567Z","failed_at":null,"finalizing_at":null,"id":"batch_6caaf24d",\
    "in_progress_at":null,"input_file_id":"file-655111a9","errors":null,"metadata":null,"object":"batch",\
    "output_file_id":"","request_counts":{"total":null,"completed":null,"failed":null},"status":"\(status)",\
    "endpoint":"/chat/completions"\(fields)}
    """
  }

  @Test func theWholeWay() async throws {
    let base = "https://my-res.openai.azure.com/openai/v1"
    let recording = Recording([
      Exchange("POST \(base)/files", 201, Self.file),
      Exchange("GET \(base)/files/file-655111a9", Self.file),
      Exchange("POST \(base)/batches", Self.batch("Validating")),
      Exchange("GET \(base)/batches/batch_6caaf24d", Self.batch("InProgress")),
      Exchange("POST \(base)/batches/batch_6caaf24d/cancel", Self.batch("Cancelling")),
      Exchange(
        "GET \(base)/batches?limit=2",
        """
        {"value":[\(Self.batch("Completed", #","x":1"#)),\
        \(Self.batch("Canceled").replacing("batch_6caaf24d", with: "batch_2"))],"has_more":true}
        """),
      Exchange("GET \(base)/batches?after=batch_2&limit=2", #"{"value":[],"has_more":false}"#),
      Exchange("GET \(base)/files/file-655111a9/content", "{}\r\n"),
      Exchange(
        "DELETE \(base)/files/file-655111a9", #"{"id":"file-655111a9","object":"file","deleted":true}"#),
    ])
    let client = recording.client(.azure(endpoint: "https://my-res.openai.azure.com/", apiKey: "azure-key-1"))
    let file = try await client.uploadFile(
      Array("{}\r\n1".utf8), named: "rows.jsonl", expiresAfter: FileExpiration(seconds: 1_209_600))
    #expect(
      recording.form(of: 0) == [
        "purpose=batch", "expires_after.anchor=created_at", "expires_after.seconds=1209600",
        "file@rows.jsonl",
      ])
    #expect(try await client.retrieveFile(file.id).filename == "rows.jsonl")
    let batch = try await client.createBatch(
      CreateBatchRequest(inputFileID: file.id, endpoint: "/chat/completions"), key: .unguarded)
    #expect(batch.status == .validating)
    #expect(batch.createdAt.timeIntervalSince1970 == 1_800_000_000.1234567)
    #expect(batch.outputFileID == nil && batch.errorFileID == nil)
    #expect(batch.requestCounts == RequestCounts())
    #expect(try await client.retrieveBatch(batch.id).status == .inProgress)
    #expect(try await client.cancelBatch(batch.id).status == .cancelling)
    var listed: [String] = []
    for try await batch in client.batches(pageSize: 2) { listed.append("\(batch.id) \(batch.status)") }
    #expect(listed == ["batch_6caaf24d completed", "batch_2 cancelled"])
    var content: [UInt8] = []
    for try await chunk in client.content(of: file.id) { content += chunk }
    #expect(content == Array("{}\r\n".utf8))
    #expect(try await client.deleteFile(file.id).deleted)
    #expect(recording.values("api-key").allSatisfy { $0 == "azure-key-1" })
    #expect(recording.values("authorization").allSatisfy { $0 == nil })
  }

  @Test func theOlderAPI() async throws {
    let base = "https://my-res.openai.azure.com/openai"
    let version = "api-version=2025-04-01-preview"
    let recording = Recording([
      Exchange("POST \(base)/files?\(version)", 201, Self.file),
      Exchange("POST \(base)/batches?\(version)", Self.batch("validating")),
      Exchange("GET \(base)/batches/batch_6caaf24d?\(version)", Self.batch("finalizing")),
      Exchange("POST \(base)/batches/batch_6caaf24d/cancel?\(version)", Self.batch("cancelling")),
      Exchange("GET \(base)/batches?limit=20&\(version)", #"{"data":[],"has_more":false}"#),
    ])
    let client = recording.client(
      .azure(
        endpoint: "https://my-res.openai.azure.com", apiKey: "azure-key-1", apiVersion: "2025-04-01-preview"))
    _ = try await client.uploadFile([1], named: "rows.jsonl")
    let request = CreateBatchRequest(inputFileID: "file-655111a9", endpoint: "/chat/completions")
    let batch = try await client.createBatch(request, key: .unguarded)
    #expect(try await client.retrieveBatch(batch.id).status == .finalizing)
    #expect(try await client.cancelBatch(batch.id).status == .cancelling)
    #expect(try await client.listBatches().data.isEmpty)
  }

  @Test func aFailedBatch() async throws {
    let text = Self.batch("Failed").replacing(
      #""errors":null"#,
      with: """
        "errors":{"object":"list","data":[{"code":"token_limit","message":"Too many tokens.","param":null,"line":3},\
        {"code":"duplicate_custom_id","message":"Again.","param":"custom_id","line":9}]}
        """)
    let base = "https://my-res.openai.azure.com/openai/v1"
    let recording = Recording([Exchange("GET \(base)/batches/batch_6caaf24d", text)])
    let client = recording.client(.azure(endpoint: "https://my-res.openai.azure.com", apiKey: "azure-key-1"))
    let batch = try await client.retrieveBatch("batch_6caaf24d")
    #expect(batch.status == .failed)
    #expect(batch.errors.map(\.line) == [3, 9])
    let error = try await failure { for try await _ in client.results(of: batch) {} }
    #expect(error.kind == .batchFailed)
    #expect(error.batchErrors == batch.errors)
    #expect(error.message.contains("Too many tokens."))
  }

  /// Azure refuses some creates with the errors at the top of the body.
  @Test func aRefusedCreate() async throws {
    let base = "https://my-res.openai.azure.com/openai/v1"
    let recording = Recording([
      Exchange(
        "POST \(base)/batches", 400,
        #"{"error":{"code":"emptyFile","message":"The file is empty.","innererror":{"code":"x"}}}"#)
    ])
    let client = recording.client(.azure(endpoint: "https://my-res.openai.azure.com", apiKey: "azure-key-1"))
    let request = CreateBatchRequest(inputFileID: "file-1", endpoint: "/chat/completions")
    let error = try await failure { try await client.createBatch(request) }
    #expect(error.kind == .rejected)
    #expect(error.apiError?.code == "emptyFile")
    #expect(error.message == "The file is empty.")
  }
}
