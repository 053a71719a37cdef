// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import Testing

@Suite struct BatchKeyTests {
  private func pairs(_ count: Int) -> [String: String] {
    Dictionary(uniqueKeysWithValues: (0..<count).map { ("k\($0)", "v") })
  }

  private func request(_ metadata: [String: String]?) -> CreateBatchRequest {
    CreateBatchRequest(inputFileID: "file-1", endpoint: .responses, metadata: metadata)
  }

  @Test(arguments: [BatchKey.automatic, "my-key"])
  func leavesFifteenPairsToTheCaller(key: BatchKey) async throws {
    let service = FakeBatches()
    let transport = ScriptedTransport { service.reply(to: $0) }
    let batch = try await BatchClient.test(transport).createBatch(request(pairs(15)), key: key)
    #expect(batch.metadata?.count == 16)
    #expect(batch.metadata?["k14"] == "v")
  }

  @Test(arguments: [BatchKey.automatic, "my-key"], [16, 17])
  func refusesMorePairsBeforeSending(key: BatchKey, count: Int) async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    let error = try await failure {
      try await BatchClient.test(transport).createBatch(request(pairs(count)), key: key)
    }
    #expect(error.kind == .invalidRequest)
    #expect(error.message.contains("\(count) pairs"))
    #expect(error.message.contains("reserved"))
    #expect(transport.requests.isEmpty)
  }

  @Test func refusesAPairInTheKeysPlace() async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    let error = try await failure {
      try await BatchClient.test(transport).createBatch(request(["openai_batch_key": "mine"]))
    }
    #expect(error.kind == .invalidRequest)
    #expect(error.message.contains("openai_batch_key"))
    #expect(transport.requests.isEmpty)
  }

  @Test func takesSixteenPairsUnguarded() async throws {
    let service = FakeBatches()
    let transport = ScriptedTransport { service.reply(to: $0) }
    let own = pairs(15).merging(["openai_batch_key": "mine"]) { $1 }
    let batch = try await BatchClient.test(transport).createBatch(request(own), key: .unguarded)
    #expect(batch.metadata == own)
    #expect(transport.lines == ["POST /v1/batches"])
  }

  @Test(arguments: [("", "0 characters"), (String(repeating: "é", count: 513), "513 characters")])
  func refusesAKeyOfAWrongLength(name: String, size: String) async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    let error = try await failure {
      try await BatchClient.test(transport).createBatch(request(nil), key: BatchKey(name))
    }
    #expect(error.kind == .invalidRequest)
    #expect(error.message.contains(size) && error.message.contains("1…512"))
    #expect(transport.requests.isEmpty)
  }

  @Test func takesTheLongestKey() async throws {
    let service = FakeBatches()
    let transport = ScriptedTransport { service.reply(to: $0) }
    let name = String(repeating: "é", count: 512)
    let batch = try await BatchClient.test(transport).createBatch(request(nil), key: BatchKey(name))
    #expect(batch.metadata == ["openai_batch_key": name])
  }

  @Test(arguments: [
    CreateBatchRequest(inputFileID: "", endpoint: .responses),
    CreateBatchRequest(inputFileID: "f", endpoint: ""),
    CreateBatchRequest(inputFileID: "f", endpoint: .responses, completionWindow: ""),
    CreateBatchRequest(
      inputFileID: "f", endpoint: .responses, metadata: [String(repeating: "k", count: 65): "v"]),
    CreateBatchRequest(
      inputFileID: "f", endpoint: .responses, metadata: ["k": String(repeating: "v", count: 513)]),
    CreateBatchRequest(
      inputFileID: "f", endpoint: .responses, outputExpiresAfter: FileExpiration(seconds: 3599)),
    CreateBatchRequest(
      inputFileID: "f", endpoint: .responses, outputExpiresAfter: FileExpiration(seconds: 2_592_001)),
  ])
  func checksTheLimitsBeforeLookingAndSending(request: CreateBatchRequest) async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    for key: BatchKey in [.automatic, .unguarded, "my-key"] {
      let error = try await failure { try await BatchClient.test(transport).createBatch(request, key: key) }
      #expect(error.kind == .invalidRequest)
    }
    #expect(transport.requests.isEmpty)
  }

  @Test(arguments: [0, 101, -1])
  func checksThePageSizeBeforeSending(limit: Int) async throws {
    let transport = ScriptedTransport { _ in Reply(200, "{}") }
    let client = BatchClient.test(transport)
    let one = try await failure { try await client.listBatches(limit: limit) }
    let all = try await failure { for try await _ in client.batches(pageSize: limit) {} }
    #expect(one.kind == .invalidRequest && all.kind == .invalidRequest)
    #expect(one.message == "limit is \(limit); it must be 1…100.")
    #expect(transport.requests.isEmpty)
  }
}
