// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch

/// The four operations, under the names the service gives them.
func operations(_ client: BatchClient, on file: FileObject) async throws -> Batch {
  let request = CreateBatchRequest(
    inputFileID: file.id, endpoint: .chatCompletions,
    completionWindow: .hours24,
    metadata: ["team": "search"],
    outputExpiresAfter: FileExpiration(anchor: .createdAt, seconds: 604_800))
  let batch = try await client.createBatch(request)
  let now = try await client.retrieveBatch(batch.id)
  let cancelling = try await client.cancelBatch(batch.id)
  let page = try await client.listBatches(after: nil, limit: 20)
  print(now.status, cancelling.status, page.data.count, page.hasMore)
  return batch
}

/// The three kinds of key: one of the call's own, one that a second process finds again, none.
func keys(_ client: BatchClient, _ request: CreateBatchRequest) async throws -> Batch {
  let automatic = try await client.createBatch(request, key: .automatic)
  let unguarded = try await client.createBatch(request, key: .unguarded)
  print(automatic.id != unguarded.id)
  return try await client.createBatch(request, key: "my-key")
}

/// All of them, page by page underneath.
func walk(_ client: BatchClient) async throws -> Int {
  var seen = 0
  func save(_ items: [Batch], _ next: BatchID?) { seen += items.count }
  for try await batch in client.batches() { print(batch.id, batch.status) }
  for try await page in client.batches().pages { save(page.items, page.next) }
  for try await batch in client.batches(after: nil, pageSize: 1, createdSince: nil) { print(batch.id) }
  return seen
}

/// What an error tells.
func explain(_ client: BatchClient, _ id: BatchID) async -> BatchClientError.Kind? {
  do {
    try await client.cancelBatch(id, options: CallOptions(timeout: .seconds(30), retry: RetryPolicy.none))
    return nil
  } catch {
    print(error.operation, error.status ?? 0, error.requestID ?? "", error.message, error.attempts)
    if error.kind == .outcomeUnknown, let key = error.key { print("ask again with", key) }
    return error.kind
  }
}
