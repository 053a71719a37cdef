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
    _ request: CreateBatchRequest, unseenKey name: String, lookBack: Duration = .seconds(48 * 3600),
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> Batch {
    let request = try request.stamped(with: name)
    let creation = BatchCreation(
      client: self, operation: try createOperation(request, options), request: request, name: name,
      options: options, lookBack: lookBack, deadline: deadline(options))
    return try await creation.keepOnly(try await creation.run())
  }

  /// Of several batches for one purpose the oldest stays (of equally old ones the smallest id); the others are
  /// cancelled if they run. One that has come to nothing does not stay in the place of one that runs.
  ///
  /// - Parameter cancelled: Told of each that is cancelled.
  package func keepOldest(
    of batches: [Batch], cancelled: (Batch) -> Void
  ) async throws(BatchClientError) -> Batch? {
    let options = CallOptions()
    return try await keepOldest(of: batches, options, until: deadline(options), cancelled: cancelled)
  }

  func keepOldest(
    of batches: [Batch], _ options: CallOptions, until deadline: ContinuousClock.Instant?,
    cancelled: (Batch) -> Void = { _ in }
  ) async throws(BatchClientError) -> Batch? {
    let kept = batches.min { $0.takesPrecedence(over: $1) }
    for twin in batches where twin.id != kept?.id && !twin.status.isTerminal && !twin.isDead {
      do throws(BatchClientError) {
        cancelled(try await perform(.cancelBatch(twin.id), options, until: deadline))
      } catch  where error.kind == .conflict || error.kind == .notFound {
        // It ended by itself in the meantime.
      }
    }
    return kept
  }
}

extension Batch {
  /// Whether nothing more will come of the batch than what it has.
  fileprivate var isDead: Bool { [.failed, .cancelled, .cancelling].contains(status) }

  /// Whether this one stays, of two for one purpose.
  package func takesPrecedence(over other: Batch) -> Bool {
    let (left, right) = (isDead ? 1 : 0, other.isDead ? 1 : 0)
    return (left, createdAt, id.rawValue) < (right, other.createdAt, other.id.rawValue)
  }
}
