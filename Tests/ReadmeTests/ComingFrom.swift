// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch
internal import OpenAIBatchCurl
internal import OpenAIBatchURLSession

/// The Swift cells of the README's table for those who come from the generated C or Objective-C client. Each cell is
/// a piece of this file, and each function is run by a test.
enum ComingFrom {
  static func create(_ client: BatchClient, _ id: FileID) async throws -> Batch {
    let request = CreateBatchRequest(inputFileID: id, endpoint: .chatCompletions)
    let batch = try await client.createBatch(request)
    return batch
  }

  static func retrieve(_ client: BatchClient, _ id: BatchID) async throws -> Batch {
    let batch = try await client.retrieveBatch(id)
    return batch
  }

  static func cancel(_ client: BatchClient, _ id: BatchID) async throws -> Batch {
    let batch = try await client.cancelBatch(id)
    return batch
  }

  static func list(_ client: BatchClient) async throws -> [BatchID] {
    var ids: [BatchID] = []
    var last: BatchID?
    var isLast = false
    while !isLast {
      let page = try await client.listBatches(after: last, limit: 20)
      ids += page.data.map(\.id)
      last = page.lastID
      isLast = !page.hasMore
    }
    return ids
  }

  static func walk(_ client: BatchClient) async throws -> [BatchID] {
    var ids: [BatchID] = []
    for try await batch in client.batches() { ids.append(batch.id) }
    return ids
  }

  static func configuration(key: String) -> BatchClient {
    let client = BatchClient(apiKey: key, transport: CurlTransport())
    return client
  }

  static func configuration(key: String, url: String) -> BatchClient {
    var configuration = BatchClient.Configuration(apiKey: key, baseURL: url)
    configuration.timeouts.total = .seconds(30)
    let client = BatchClient(configuration: configuration, transport: URLSessionTransport())
    return client
  }

  static func configuration(
    environment: [String: String]
  ) throws -> BatchClient.Configuration {
    let configuration = try BatchClient.Configuration.fromEnvironment(environment)
    return configuration
  }

  static func errors(_ client: BatchClient, _ id: BatchID) async -> [String] {
    var said: [String] = []
    func report(_ words: String?...) { said += words.compactMap(\.self) }
    do {
      try await client.cancelBatch(id)
    } catch {
      report("\(error.kind)", error.status?.description, error.requestID, error.message)
      if error.kind == .notFound { report("no such batch") }
    }
    return said
  }

  static func cancelling(_ client: BatchClient, _ id: BatchID) async -> Bool {
    let call = Task { try await client.retrieveBatch(id) }
    call.cancel()
    do {
      _ = try await call.value
      return false
    } catch {
      let wasCancelled = (error as? BatchClientError)?.isCancellation == true
      return wasCancelled
    }
  }

  static func memory(_ client: BatchClient, _ id: BatchID) async throws -> (Batch, Batch) {
    let batch = try await client.retrieveBatch(id)
    var copy = batch
    copy.metadata = ["team": "search"]
    return (batch, copy)
  }

  static func end(_ transport: CurlTransport) async {
    await transport.shutdown()
  }
}
