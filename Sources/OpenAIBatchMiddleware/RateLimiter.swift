// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Keeps a ``RateLimit``: admits requests in the order in which they came, those of each ``OperationFamily`` in a
/// queue of their own, so that a long wait for the next create holds up no poll.
///
/// A client makes its own from its configuration's `rateLimit`. Clients that are given the same limiter share
/// its rate and what it learns:
///
/// ```swift
/// let limiter = RateLimiter(.documented)
/// first.rateLimiter = limiter
/// second.rateLimiter = limiter
/// ```
public final class RateLimiter: Sendable {
  private let clock: PolicyClock
  private let families: [OperationFamily: RateGate]
  private let all: RateGate?

  /// Creates a limiter.
  ///
  /// - Parameters:
  ///   - limit: The rates, for all clients that share this limiter together.
  ///   - clock: What it waits by.
  public init(_ limit: RateLimit, clock: PolicyClock = .system) {
    self.clock = clock
    let common = limit.rules.filter { $0.family == nil }
    all = common.isEmpty ? nil : RateGate(common, clock: clock)
    var families: [OperationFamily: RateGate] = [:]
    if !limit.isUnlimited {
      for family in OperationFamily.allCases {
        families[family] = RateGate(limit.rules.filter { $0.family == family }, clock: clock)
      }
    }
    self.families = families
  }

  /// How many requests wait, those whose turn is next included.
  public var queueLength: Int { families.values.reduce(0) { $0 + $1.queueLength } }

  /// Waits for a request's turn.
  ///
  /// - Parameters:
  ///   - family: What the request is counted with.
  ///   - deadline: When the caller gives up; a turn that would come later fails at once.
  func admit(_ family: OperationFamily, deadline: ContinuousClock.Instant?) async throws(CallFailure) {
    if Task.isCancelled { throw Self.cancelled }
    guard let gate = families[family] else { return }
    if deadline != nil {
      // Some in front may yet leave the queue, but that is not to be counted on.
      try Self.check(max(gate.expectedTurn, all?.expectedTurn ?? gate.expectedTurn), before: deadline)
    }
    try await gate.pass(until: deadline, keepsPlace: true) { () async throws(CallFailure) -> Bool in
      guard let all else { return true }
      // While it waits for its turn among all, its family may be told to wait: then it leaves that turn to others.
      return try await all.pass(until: deadline, keepsPlace: false) { gate.isOpen }
    }
  }

  /// Learns from an answer's head.
  func observe(_ fields: HTTPFields, _ family: OperationFamily) {
    guard let gate = families[family] else { return }
    gate.speedUp()
    RateLimitReport(fields).map { learn(from: $0, gate) }
  }

  /// Learns from a refusal.
  func observe(_ failure: StatusFailure, _ family: OperationFamily) {
    guard let gate = families[family] else { return }
    failure.rateLimit.map { learn(from: $0, gate) }
    guard failure.status == 429, !failure.isBilling else { return }
    gate.slowDown()
    failure.retryHint(at: clock.wallTime()).map { gate.hold(for: $0.delay) }
  }

  private func learn(from report: RateLimitReport, _ gate: RateGate) {
    gate.limit(to: report.remaining, for: report.reset)
  }

  static func check(
    _ turn: ContinuousClock.Instant, before deadline: ContinuousClock.Instant?
  ) throws(CallFailure) {
    guard let deadline, turn >= deadline else { return }
    throw .timedOut("The rate limit leaves no turn before the call's timeout.")
  }

  static var cancelled: CallFailure { .cancelled("while waiting for the rate limit") }
}
