// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// What the looks at one batch, taken together, tell of its progress.
struct BatchProgress: Sendable {
  private struct Look {
    let instant: ContinuousClock.Instant
    let ended: Int
  }
  private var last: Batch?
  private var lastChange: ContinuousClock.Instant?
  /// Looks at which the counts had moved: few, and the older ones further apart.
  private var looks: [Look] = []

  /// Notes a look at the batch, and says what it tells.
  ///
  /// - Parameters:
  ///   - now: The monotonic time.
  ///   - wallTime: Seconds since 1970.
  mutating func update(
    _ batch: Batch, now: ContinuousClock.Instant, wallTime: Double
  ) -> BatchUpdate {
    let change = lastChange(of: batch, now, wallTime)
    lastChange = change
    last = batch
    note(batch.requestCounts, now)
    let timeToExpiry = batch.expiresAt.map { Duration.seconds(max(0, $0.timeIntervalSince1970 - wallTime)) }
    return BatchUpdate(
      batch: batch, unchangedFor: max(.zero, change.duration(to: now)), timeToExpiry: timeToExpiry,
      estimate: estimate(batch, now, wallTime))
  }

  /// When the batch changed last: seen here, or, at the first look, told by its own times.
  private func lastChange(
    of batch: Batch, _ now: ContinuousClock.Instant, _ wallTime: Double
  ) -> ContinuousClock.Instant {
    if let last, let lastChange {
      return last.status == batch.status && last.requestCounts == batch.requestCounts ? lastChange : now
    }
    // Counts that have moved may have moved a moment ago.
    guard batch.requestCounts.ended == 0 || BatchPhase(of: batch) != .running else { return now }
    let times = [batch.createdAt, batch.inProgressAt, batch.finalizingAt, batch.cancellingAt]
    guard let latest = times.compactMap(\.self).map(\.timeIntervalSince1970).max(), latest > 0 else {
      return now
    }
    return now - .seconds(max(0, wallTime - latest))
  }

  private mutating func note(_ counts: RequestCounts, _ now: ContinuousClock.Instant) {
    let ended = counts.ended
    if let last = looks.last, ended <= last.ended { return }
    looks.append(Look(instant: now, ended: ended))
    // Half of the history is enough for a rate of late: a few minutes of an hour, a few hours of a day.
    if looks.count > 16 { looks.removeFirst(8) }
  }

  private func estimate(
    _ batch: Batch, _ now: ContinuousClock.Instant, _ wallTime: Double
  ) -> BatchEstimate? {
    let left = batch.requestCounts.unfinished
    guard BatchPhase(of: batch) == .running, left > 0 else { return nil }
    var rates: [Double] = []
    if let began = batch.inProgressAt, batch.requestCounts.ended > 0 {
      let seconds = wallTime - began.timeIntervalSince1970
      if seconds > 0 { rates.append(Double(batch.requestCounts.ended) / seconds) }
    }
    var basis = BatchEstimate.Basis.wholeRun
    if looks.count >= 2, let first = looks.first, let last = looks.last {
      let seconds = first.instant.duration(to: now) / .seconds(1)
      if seconds > 0 {
        rates.append((Double(last.ended) - Double(first.ended)) / seconds)
        basis = .recent
      }
    }
    guard let slowest = rates.min(), let fastest = rates.max(), let rate = rates.last, slowest > 0 else {
      return nil
    }
    // No rate holds for the rest of a run: a quarter less on one side, half more on the other.
    let range = (Double(left) / fastest * 0.75, Double(left) / slowest * 1.5)
    guard range.1 < 1e9 else { return nil }
    return BatchEstimate(rate: rate, remaining: .seconds(range.0) ... .seconds(range.1), basis: basis)
  }
}
