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
    /// How many requests the server will still take before a moment, by what it said.
    var room: (count: Int, until: ContinuousClock.Instant)?
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
  var expectedTurn: ContinuousClock.Instant { turn(behind: queueLength) }

  /// The earliest moment for a request behind `count` others.
  private func turn(behind count: Int = 0) -> ContinuousClock.Instant {
    let now = clock.now()
    return state.withLock { state in
      var turn = max(state.hold, now)
      for (arrival, rule) in zip(state.arrivals, rules) {
        turn = max(turn, max(arrival, now) + rule.interval * count - rule.interval * (rule.burst - 1))
      }
      if let room = state.room, room.count <= count { turn = max(turn, room.until) }
      if let last = state.lastAdmitted { turn = max(turn, last + state.spacing * (count + 1)) }
      return turn
    }
  }

  /// Waits for the turn, then asks whether the request goes, and counts it if it does.
  ///
  /// - Parameter keepsPlace: Whether one that does not go waits for its turn again, before all behind it.
  /// - Returns: Whether it went.
  @discardableResult
  func pass(
    until deadline: ContinuousClock.Instant?, keepsPlace: Bool, if goes: () async throws(CallFailure) -> Bool
  ) async throws(CallFailure) -> Bool {
    try await enter(until: deadline)
    defer { turnstile.leave() }
    repeat {
      try await waitForTurn(until: deadline)
      if try await goes() {
        count()
        return true
      }
    } while keepsPlace
    return false
  }

  private func count() {
    let now = clock.now()
    state.withLock { state in
      for (index, rule) in rules.enumerated() {
        state.arrivals[index] = max(state.arrivals[index], now) + rule.interval
      }
      if let room = state.room { state.room = room.until > now ? (room.count - 1, room.until) : nil }
      state.lastAdmitted = now
    }
  }

  /// Whether it is a request's turn now.
  var isOpen: Bool { turn() <= clock.now() }

  /// Waits in the queue, as long as the caller has time.
  private func enter(until deadline: ContinuousClock.Instant?) async throws(CallFailure) {
    if turnstile.enterIfFree() { return }
    guard let deadline else {
      guard await waitToEnter() else { throw RateLimiter.cancelled }
      return
    }
    // The turn may come in the moment in which the time is over.
    let left = clock.now().duration(to: deadline)
    guard await !clock.run(within: left, { await self.waitToEnter() }).value else { return }
    if !Task.isCancelled { try RateLimiter.check(clock.now(), before: deadline) }
    throw RateLimiter.cancelled
  }

  /// Waits for the turnstile; whether the task is inside, or else was cancelled.
  private func waitToEnter() async -> Bool { (try? await turnstile.enter()) != nil }

  private func waitForTurn(until deadline: ContinuousClock.Instant?) async throws(CallFailure) {
    while true {
      let turn = turn()
      let now = clock.now()
      try RateLimiter.check(max(turn, now), before: deadline)
      guard now < turn else { return }
      do {
        try await clock.sleep(now.duration(to: turn))
      } catch {
        throw RateLimiter.cancelled
      }
    }
  }

  /// Admits no more than `count` for a time.
  func limit(to count: Int, for duration: Duration) {
    let now = clock.now()
    let until = now + min(duration, Self.longestHold)
    state.withLock { state in
      // Answers arrive out of order: one that tells of more room does not end the wait that another began.
      if let room = state.room, room.until > now {
        state.room = (min(room.count, count), max(room.until, count <= room.count ? until : room.until))
      } else {
        state.room = (count, until)
      }
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
