// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// One queue of a limiter: admits requests in the order in which they came, at the pace of its rules (GCRA: one
/// number of state for each) and of what was learned from the server.
///
/// In any time t at most burst + t / interval requests are admitted, for each rule. A waiter that is cancelled
/// gives its place to the next.
final class RateGate: Sendable {
  /// What a server says is not believed for longer.
  private static let longestHold = RetryHint.longest
  private static let spacings = (first: Duration.milliseconds(250), longest: Duration.seconds(10))

  private struct State {
    /// When each rule's bucket is empty again: the "theoretical arrival time" of the algorithm.
    var arrivals: [ContinuousClock.Instant]
    var hold: ContinuousClock.Instant
    /// The distance between requests after a 429.
    var spacing: Duration = .zero
    var lastSlowed: ContinuousClock.Instant?
    var lastAdmitted: ContinuousClock.Instant?
  }
  private let rules: [RateLimit.Rule]
  private let clock: PolicyClock
  private let turnstile = Turnstile()
  private let state: Mutex<State>

  init(_ rules: [RateLimit.Rule], clock: PolicyClock) {
    self.rules = rules
    self.clock = clock
    let now = clock.now()
    state = Mutex(State(arrivals: rules.map { _ in now }, hold: now))
  }

  /// How many requests wait, the one whose turn is next included.
  var queueLength: Int { turnstile.count }

  /// When a request that came now would have its turn, if none in front left the queue.
  var expectedTurn: ContinuousClock.Instant {
    let interval = rules.map(\.interval).max() ?? .zero
    return max(turn, clock.now()) + max(interval, state.withLock { $0.spacing }) * queueLength
  }

  /// Waits for the turn, does `body`, and counts the request if that did not throw.
  func pass(
    until deadline: ContinuousClock.Instant?, then body: () async throws(CallFailure) -> Void
  ) async throws(CallFailure) {
    do {
      try await turnstile.enter()
    } catch {
      throw RateLimiter.cancelled
    }
    defer { turnstile.leave() }
    var now = clock.now()
    while true {
      let turn = turn
      try RateLimiter.check(max(turn, now), before: deadline)
      guard now < turn else { break }
      do {
        try await clock.sleep(now.duration(to: turn))
      } catch {
        throw RateLimiter.cancelled
      }
      now = clock.now()
    }
    try await body()
    now = clock.now()
    state.withLock { state in
      for (index, rule) in rules.enumerated() {
        state.arrivals[index] = max(state.arrivals[index], now) + rule.interval
      }
      state.lastAdmitted = now
    }
  }

  /// The earliest moment for the next request.
  private var turn: ContinuousClock.Instant {
    state.withLock { state in
      var turn = state.hold
      for (arrival, rule) in zip(state.arrivals, rules) {
        turn = max(turn, arrival - rule.interval * (rule.burst - 1))
      }
      if let last = state.lastAdmitted { turn = max(turn, last + state.spacing) }
      return turn
    }
  }

  /// Admits nothing for a time.
  func hold(for duration: Duration) {
    let end = clock.now() + min(duration, Self.longestHold)
    state.withLock { $0.hold = max($0.hold, end) }
  }

  /// Spreads the requests: the server refused one. Those that were under way together count once.
  func slowDown() {
    let now = clock.now()
    state.withLock { state in
      if let last = state.lastSlowed, last.duration(to: now) < max(state.spacing, .seconds(1)) { return }
      state.spacing = min(max(state.spacing * 2, Self.spacings.first), Self.spacings.longest)
      state.lastSlowed = now
    }
  }

  /// Goes back towards the full rate: the server took one.
  func speedUp() {
    state.withLock { state in
      state.spacing = state.spacing < .milliseconds(20) ? .zero : state.spacing * 0.9
    }
  }
}
