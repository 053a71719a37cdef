// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

/// Any other address: a path, a query, header fields, and fields of the body and the form.
@Suite struct ProviderTests {
  private let request = CreateBatchRequest(
    inputFileID: "file-1", endpoint: .chatCompletions, metadata: ["team": "search"])

  @Test func aBaseWithAPathAndAQuery() async throws {
    let base = "https://gateway.example:8443/team%20a/openai/v1"
    let recording = Recording([
      Exchange("GET \(base)/batches/b%2F1?route=eu&tenant=7&trace=on", batchText(id: "b/1")),
      Exchange("GET \(base)/batches?route=eu&limit=20&tenant=7", #"{"data":[]}"#),
    ])
    var configuration = BatchClient.Configuration(apiKey: "sk-test-key-1", baseURL: "\(base)/?route=eu")
    configuration.queryItems = [("tenant", "7")]
    let client = recording.client(configuration)
    _ = try await client.retrieveBatch("b/1", options: CallOptions(queryItems: [("trace", "on")]))
    _ = try await client.listBatches()
  }

  @Test func extraFieldsGoWithEachCreateAndUpload() async throws {
    let base = "https://api.example/v1"
    let recording = Recording([
      Exchange("POST \(base)/batches", batchText()), Exchange("POST \(base)/files", fileText()),
    ])
    struct Window: Encodable, Sendable { let from = 1, to = 2 }
    let model = try #require(HTTPField.Name("x-litellm-model"))
    let client = recording.client(BatchClient.Configuration(apiKey: "sk-test-key-1", baseURL: base)) {
      $0.headers = [model: "gpt"]
      $0.jsonFields = ["priority": 5, "model": "gpt-5", "name": "configured"]
      $0.formFields = [("custom_llm_provider", "azure")]
    }
    _ = try await client.createBatch(
      request, key: .unguarded, options: CallOptions(jsonFields: ["name": "own", "window": Window()]))
    _ = try await client.uploadFile(
      [1], named: "a.jsonl", expiresAfter: FileExpiration(seconds: 3600),
      options: CallOptions(formFields: [("target_model_names", "a,b")]))
    #expect(
      try object(recording.transport.requests[0].body) == [
        "input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "24h",
        "metadata": ["team": "search"], "priority": 5, "model": "gpt-5", "name": "own",
        "window": ["from": 1, "to": 2],
      ])
    #expect(
      recording.form(of: 1) == [
        "purpose=batch", "expires_after[anchor]=created_at", "expires_after[seconds]=3600",
        "custom_llm_provider=azure", "target_model_names=a,b", "file@a.jsonl",
      ])
    #expect(recording.values("x-litellm-model") == ["gpt", "gpt"])
  }

  @Test func extraFieldsGoWithEachPart() async throws {
    let base = "https://api.example/v1"
    let upload = #"{"id":"upload_1","created_at":1,"file":\#(fileText())}"#
    let recording = Recording([
      Exchange("POST \(base)/uploads", upload),
      Exchange("POST \(base)/uploads/upload_1/parts", #"{"id":"part_1"}"#),
      Exchange("POST \(base)/uploads/upload_1/complete", upload),
    ])
    let client = recording.client(BatchClient.Configuration(apiKey: "sk-test-key-1", baseURL: base)) {
      $0.formFields = [("custom_llm_provider", "azure")]
    }
    _ = try await client.uploadFile([1], named: "a.jsonl", method: .parts())
    #expect(recording.form(of: 1) == ["custom_llm_provider=azure", "data@part-1"])
  }

  @Test func aRepeatedHeaderFieldIsSentAsOftenAsItIsThere() async throws {
    let base = "https://api.example/v1"
    let recording = Recording([Exchange("GET \(base)/batches/b", batchText())])
    let tag = try #require(HTTPField.Name("x-tag"))
    let client = recording.client(BatchClient.Configuration(apiKey: "sk-test-key-1", baseURL: base)) {
      $0.headers = [tag: "configured"]
    }
    _ = try await client.retrieveBatch("b", options: CallOptions(headers: [tag: "one", tag: "two"]))
    #expect(recording.transport.requests[0].head.headerFields[values: tag] == ["one", "two"])
  }

  @Test(arguments: ["metadata", "endpoint", "output_expires_after", "input_file_id"])
  func anExtraFieldCannotReplaceOneOfTheRequest(name: String) async throws {
    let recording = Recording([])
    let client = recording.client(BatchClient.Configuration(apiKey: "sk-test-key-1"))
    let error = try await failure {
      try await client.createBatch(request, options: CallOptions(jsonFields: [name: "x"]))
    }
    #expect(error.kind == .invalidRequest)
    #expect(error.message.contains(name))
    #expect(recording.transport.requests.isEmpty)
  }

  @Test func aValueThatJSONHasNoFormForIsAnError() async throws {
    let recording = Recording([])
    let client = recording.client(BatchClient.Configuration(apiKey: "sk-test-key-1"))
    let error = try await failure {
      try await client.createBatch(request, options: CallOptions(jsonFields: ["weight": Double.nan]))
    }
    #expect(error.kind == .invalidRequest)
    #expect(recording.transport.requests.isEmpty)
  }

  @Test func optionsShowNoValues() {
    let options = CallOptions(jsonFields: ["name": "canary"], formFields: [("field", "canary")])
    #expect("\(options)" == #"CallOptions(jsonFields: ["name"], formFields: ["field"])"#)
    var dumped = ""
    dump(options, to: &dumped)
    #expect(!dumped.contains("canary"))
  }
}
