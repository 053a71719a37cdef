// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
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

  /// Waits for this request's turn.
  ///
  /// - Parameter deadline: When the caller gives up; a turn that would come later fails at once.
  package func admit(deadline: ContinuousClock.Instant?) async throws(CallFailure) {
    if let deadline {
      let turn = arrival.withLock { $0 } - tolerance + interval * turnstile.count
      guard turn < deadline else {
        throw CallFailure(
          .transport(
            TransportFailure(
              .timedOut, "The rate limit leaves no turn before the call's timeout.",
              mayHaveReachedServer: false)))
      }
    }
    do {
      try await turnstile.enter()
    } catch {
      throw .cancelled("while waiting for the rate limit")
    }
    defer { turnstile.leave() }
    let wait = clock.now().duration(to: arrival.withLock { $0 } - tolerance)
    if wait > .zero {
      do {
        try await clock.sleep(wait)
      } catch {
        throw .cancelled("while waiting for the rate limit")
      }
    }
    let now = clock.now()
    arrival.withLock { $0 = max($0, now) + interval }
  }
}
