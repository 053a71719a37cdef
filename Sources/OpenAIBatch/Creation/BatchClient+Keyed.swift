// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchModels

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

extension BatchClient {
  /// Creates a batch under a key that the caller has looked up itself and not found, and makes sure that it
  /// stays the only one: a request of a process that died may arrive after the look-up.
  ///
  /// - Returns: The batch to go on with; of several the oldest, after the others were cancelled.
  package func createBatch(
    _ request: CreateBatchRequest, unseenKey name: String, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> Batch {
    var request = request
    request.metadata = (request.metadata ?? [:]).merging([BatchKey.metadataKey: name]) { _, mark in mark }
    let creation = BatchCreation(
      client: self, operation: try .createBatch(request), request: request, name: name, options: options)
    let batch = try await creation.run()
    return try await creation.find(lookBack: .seconds(600)) ?? batch
  }

  /// Of several batches for one purpose the oldest stays (of equally old ones the smallest id); the others are
  /// cancelled if they run.
  package func keepOldest(
    of batches: [Batch], options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> Batch? {
    let sorted = batches.sorted { ($0.createdAt, $0.id.rawValue) < ($1.createdAt, $1.id.rawValue) }
    for twin in sorted.dropFirst() where !twin.status.isTerminal && twin.status != .cancelling {
      do throws(BatchClientError) {
        try await cancelBatch(twin.id, options: options)
      } catch  where error.kind == .conflict || error.kind == .notFound {
        // It ended by itself in the meantime.
      }
    }
    return sorted.first
  }
}
