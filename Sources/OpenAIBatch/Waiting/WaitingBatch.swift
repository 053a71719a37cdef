// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// One batch of a wait: what was seen of it, and whether the wait for it is over.
struct WaitingBatch: Sendable {
  let id: BatchID
  private var progress = BatchProgress()
  private var last: Batch?
  /// Why it has not been seen yet.
  private var unseen: BatchClientError?
  private var missingSince: ContinuousClock.Instant?
  private var refusedSince: ContinuousClock.Instant?
  private(set) var isMissing = false
  private(set) var isOver = false

  init(_ id: BatchID) {
    self.id = id
  }

  mutating func update(
    _ batch: Batch, now: ContinuousClock.Instant, wallTime: Double
  ) -> BatchUpdate {
    (last, unseen, isMissing, missingSince) = (batch, nil, false, nil)
    isOver = batch.status.isTerminal
    return progress.update(batch, now: now, wallTime: wallTime)
  }

  /// Judges the failure of a poll.
  ///
  /// - Returns: The error with which the wait for this batch is over; `nil` when it goes on.
  /// - Throws: What ends the whole wait.
  mutating func check(
    _ error: BatchClientError, now: ContinuousClock.Instant
  ) throws(BatchClientError) -> BatchClientError? {
    isMissing = error.kind == .notFound
    if last == nil { unseen = error }
    switch error.kind {
    case .cancelled, .unauthorized, .invalidRequest, .invalidConfiguration, .shutDown:
      throw error
    case .notFound:
      let since = missingSince ?? now
      missingSince = since
      isOver = since.duration(to: now) >= (last == nil ? .seconds(15) : .seconds(60))
      return isOver ? error : nil
    case .rejected where last == nil, .redirected where last == nil, .insecure where last == nil:
      // Such an answer passes now and then. About a batch that was never seen it is a wrong id or address more often.
      let since = refusedSince ?? now
      refusedSince = since
      isOver = since.duration(to: now) >= .seconds(3600)
      return isOver ? error : nil
    default:
      refusedSince = nil
      return nil
    }
  }

  /// The time until the wait gives up: the caller's, or one hour past the batch's own expiry, or eight days
  /// when the provider names none.
  func timeLeft(
    _ timeout: Duration?, since start: ContinuousClock.Instant, _ clock: PolicyClock
  ) -> Duration {
    let waited = start.duration(to: clock.now())
    if let timeout { return timeout - waited }
    guard let expiry = last?.expiresAt else { return .seconds(8 * 86_400) - waited }
    return .seconds(expiry.timeIntervalSince1970 + 3600 - clock.wallTime())
  }

  mutating func timedOut() -> BatchClientError {
    isOver = true
    let story =
      if let last {
        "has not ended in time (it is \(last.status)). It runs on."
      } else {
        "has not been seen in time\(unseen.map { ": \($0.message)" } ?? ".")"
      }
    return BatchClientError(
      .timedOut, operation: "waitUntilEnded", "The batch \(id) \(story)", underlying: unseen)
  }
}
