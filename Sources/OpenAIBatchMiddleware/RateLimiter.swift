// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// Admits requests at a rate, in the order in which they came (GCRA: one number of state, no timer).
///
/// In any time t at most burst + t / interval requests are admitted. A waiter that is cancelled gives its
/// place to the next.
package final class RateLimiter: Sendable {
  private let interval: Duration
  private let tolerance: Duration
  private let clock: PolicyClock
  private let turnstile = Turnstile()
  /// When the bucket is empty again: the "theoretical arrival time" of the algorithm.
  private let arrival: Mutex<ContinuousClock.Instant>

  /// Creates a limiter; `nil` for no limit.
  package init?(_ limit: RateLimit, clock: PolicyClock) {
    guard let interval = limit.interval else { return nil }
    self.interval = interval
    self.clock = clock
    tolerance = interval * (limit.burst - 1)
    arrival = Mutex(clock.now())
  }

  /// How many requests wait, the one whose turn is next included.
  var queueLength: Int { turnstile.count }

  /// Waits for this request's turn.
  ///
  /// - Parameter deadline: When the caller gives up; a turn that would come later fails at once.
  package func admit(deadline: ContinuousClock.Instant?) async throws(CallFailure) {
    if Task.isCancelled { throw Self.cancelled }
    if let deadline {
      // Some in front may yet leave the queue, but that is not to be counted on.
      let first = max(arrival.withLock { $0 }, clock.now()) - tolerance
      try check(first + interval * queueLength, before: deadline)
    }
    do {
      try await turnstile.enter()
    } catch {
      throw Self.cancelled
    }
    defer { turnstile.leave() }
    var now = clock.now()
    let turn = arrival.withLock { $0 } - tolerance
    try check(max(turn, now), before: deadline)
    while now < turn {
      do {
        try await clock.sleep(now.duration(to: turn))
      } catch {
        throw Self.cancelled
      }
      now = clock.now()
    }
    arrival.withLock { $0 = max($0, now) + interval }
  }

  private func check(
    _ turn: ContinuousClock.Instant, before deadline: ContinuousClock.Instant?
  ) throws(CallFailure) {
    guard let deadline, turn >= deadline else { return }
    throw .timedOut("The rate limit leaves no turn before the call's timeout.")
  }

  private static var cancelled: CallFailure { .cancelled("while waiting for the rate limit") }
}
