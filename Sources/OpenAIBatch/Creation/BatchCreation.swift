// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// One guarded create: post, and when the outcome is not known, reconcile with the list of batches.
struct BatchCreation {
  let client: BatchClient
  let operation: BatchOperation<Batch>
  let request: CreateBatchRequest
  /// The value of the mark.
  let name: String
  let options: CallOptions
  /// Whether the mark's value was made for this call.
  var isNameRandom = false
  /// How old a batch with a mark of the caller's own may be that still is the one.
  let lookBack: Duration
  /// When all of it must be over, the looking included.
  let deadline: ContinuousClock.Instant?

  private static let lookAgainAfter: Duration = .seconds(10)
  /// How far clocks may differ: ours made the intent, the server's made `created_at`.
  private static let clockMargin = 600.0
  /// The most of the call's time that a post leaves for looking.
  private static let longestReserve: Duration = .seconds(5)

  /// Batches that carry the mark and were too old for this call when it began.
  private(set) var outdated: Set<BatchID> = []

  /// A batch that carries the mark already, looked for before anything is sent.
  mutating func find() async throws(BatchClientError) -> Batch? {
    let now = client.configuration.clock.wallTime()
    let oldest = Date(timeIntervalSince1970: now - lookBack / .seconds(1))
    // Later looks go back as far as clocks may differ, and must not take an older batch for what came of this call.
    let marked = try await batches(since: min(oldest.timeIntervalSince1970, now - Self.clockMargin))
      .filter(isMarked)
    let recent = marked.filter { $0.createdAt >= oldest || $0.createdAt.timeIntervalSince1970 <= 0 }
    outdated = Set(marked.map(\.id)).subtracting(recent.map(\.id))
    return try await keepOne(of: recent)
  }

  /// Posts, and reconciles when the outcome is not known.
  func run() async throws(BatchClientError) -> Batch {
    let since = client.configuration.clock.wallTime() - Self.clockMargin
    let doubt: BatchClientError
    do throws(BatchClientError) {
      return try await post()
    } catch {
      guard error.isOutcomeUnknown else { throw error }
      // Who cancelled does not wait for the list; the key lets it ask later.
      if error.isCancellation { throw error.with(key: name) }
      doubt = error
    }
    do throws(BatchClientError) {
      return try await reconcile(after: doubt, since: since)
    } catch {
      throw error.isCancellation ? error.with(key: name) : .outcomeUnknown(error, key: BatchKey(name))
    }
  }

  /// Makes sure that a batch that was just created stays the only one with its mark.
  func keepOnly(_ batch: Batch) async throws(BatchClientError) -> Batch {
    let since = client.configuration.clock.wallTime() - Self.clockMargin
    func look() async throws(BatchClientError) -> Batch {
      let marked = try await candidates(since: since, and: [batch])
        .filter { isMarked($0) || $0.id == batch.id }
      return try await keepOne(of: marked) ?? batch
    }
    do throws(BatchClientError) {
      return try await look()
    } catch  where !error.isCancellation {
      do throws(BatchClientError) {
        try await pause()
        return try await look()
      } catch {
        throw error.isCancellation ? error.with(key: name) : .outcomeUnknown(error, key: BatchKey(name))
      }
    }
  }

  private func reconcile(
    after doubt: BatchClientError, since: Double
  ) async throws(BatchClientError) -> Batch {
    if let batch = try await firstLook(since: since) { return batch }
    try await pause()
    if let batch = try await look(since: since) { return batch }
    var second: [Batch] = []
    do throws(BatchClientError) {
      second = [try await post()]
    } catch {
      guard error.isOutcomeUnknown, !error.isCancellation else { throw error }
    }
    // The first request may have been slow, not lost: then there are two now. There was none before, so all
    // that are there are ours, marked or not.
    if let batch = try await keepOne(of: try await ours(since: since, and: second)) { return batch }
    try await pause()
    if let batch = try await keepOne(of: try await ours(since: since, and: [])) { return batch }
    throw doubt
  }

  /// What lost the answer may spoil the first look, too; the second one must work.
  private func firstLook(since: Double) async throws(BatchClientError) -> Batch? {
    do throws(BatchClientError) {
      return try await look(since: since)
    } catch  where Self.passing.contains(error.kind) {
      return nil
    }
  }

  private static let passing: [BatchClientError.Kind] = [.connection, .timedOut, .serverError, .rateLimited]

  /// The batch that carries the mark, after its twins were cancelled; else the newest that must be ours though
  /// the provider dropped its metadata. Older ones may have been made on purpose.
  private func look(since: Double) async throws(BatchClientError) -> Batch? {
    let candidates = try await candidates(since: since, and: [])
    let marked = candidates.filter(isMarked)
    guard marked.isEmpty else { return try await keepOne(of: marked) }
    return candidates.max { ($0.createdAt, $1.id.rawValue) < ($1.createdAt, $0.id.rawValue) }
  }

  /// All batches that came of this create: where the list shows marks, only those with ours.
  private func ours(since: Double, and known: [Batch]) async throws(BatchClientError) -> [Batch] {
    let candidates = try await candidates(since: since, and: known)
    let marked = candidates.filter(isMarked)
    let isMarkListed = marked.contains { batch in !known.contains { $0.id == batch.id } }
    return isMarkListed || marked.count == candidates.count ? marked : candidates
  }

  /// All batches that may have come of this create.
  private func candidates(
    since: Double, and known: [Batch]
  ) async throws(BatchClientError) -> [Batch] {
    let listed = try await batches(since: since)
    // The list can lag behind.
    return listed + known.filter { batch in !listed.contains { $0.id == batch.id } }
  }

  private func batches(since: Double) async throws(BatchClientError) -> [Batch] {
    var found: [Batch] = []
    let date = Date(timeIntervalSince1970: since)
    let firstMarked = min(
      date, Date(timeIntervalSince1970: client.configuration.clock.wallTime() - lookBack / .seconds(1)))
    // The mark says more than the times, because clocks differ.
    let list = client.batches(
      createdSince: date, keepsOlder: true, walk: .thorough, options: options, until: deadline)
    for try await batch in list where !outdated.contains(batch.id) {
      let isUndated = batch.createdAt.timeIntervalSince1970 <= 0
      if isMarked(batch) {
        if isNameRandom || isUndated || batch.createdAt >= firstMarked { found.append(batch) }
      } else if isUnmarkedTwin(batch), isUndated || batch.createdAt >= date {
        found.append(batch)
      }
    }
    return found
  }

  private func isMarked(_ batch: Batch) -> Bool { batch.metadata?[BatchKey.metadataKey] == name }

  private func isUnmarkedTwin(_ batch: Batch) -> Bool {
    batch.metadata?.isEmpty != false && batch.inputFileID == request.inputFileID
      && batch.endpoint == request.endpoint
  }

  private func keepOne(of batches: [Batch]) async throws(BatchClientError) -> Batch? {
    try await client.keepOldest(of: batches, options, until: deadline)
  }

  private func post() async throws(BatchClientError) -> Batch {
    var until = deadline
    if let deadline {
      let left = client.configuration.clock.now().duration(to: deadline)
      until = deadline.advanced(by: .zero - max(.zero, min(left / 10, Self.longestReserve)))
    }
    return try await client.perform(operation, options, until: until)
  }

  private func pause() async throws(BatchClientError) {
    let clock = client.configuration.clock
    if let deadline, clock.now().advanced(by: Self.lookAgainAfter) >= deadline {
      throw BatchClientError(
        .timedOut, operation: "createBatch", "The call's timeout leaves no time to look for the batch again.")
    }
    try await client.pause(Self.lookAgainAfter, operation: "createBatch")
  }
}

extension BatchClientError {
  fileprivate func with(key name: String) -> BatchClientError {
    var error = self
    error.key = BatchKey(name)
    return error
  }

  static func outcomeUnknown(_ cause: BatchClientError, key: BatchKey?) -> BatchClientError {
    let advice =
      key == nil
      ? "List the batches to see, before creating another."
      : "Call createBatch again with the same request and this key: it adopts the batch if there is one."
    var error = BatchClientError(
      .outcomeUnknown, operation: "createBatch",
      "Nobody knows whether the batch was created (\(cause.message)). \(advice)", attempts: cause.attempts,
      underlying: cause)
    error.status = cause.status
    error.requestID = cause.requestID
    error.apiError = cause.apiError
    error.retryAfter = cause.retryAfter
    error.key = key
    error.isOutcomeUnknown = true
    return error
  }
}
