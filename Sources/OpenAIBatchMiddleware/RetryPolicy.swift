// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// How often, and after which waits, a failed attempt is made again.
///
/// ```swift
/// RetryPolicy(maxAttempts: 5, backoff: .fullJitter(base: .seconds(1), cap: .seconds(20)), rule: .standard)
/// ```
///
/// Each part is a value of its own; the clock is the client's. No policy repeats a create whose answer was lost.
public struct RetryPolicy: Sendable, Hashable {
  /// The most attempts of one call, the first included: 1 or more.
  public var maxAttempts: Int
  /// The waits between attempts for which the server gave no hint.
  public var backoff: Backoff
  /// What may be tried again.
  public var rule: RetryRule
  /// What limits the retries of all calls together; `nil` for the client's own.
  public var budget: RetryBudget?

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - maxAttempts: The first attempt included; less than 1 counts as 1.
  ///   - backoff: The waits; a server's hint wins over them.
  ///   - rule: What may be tried again.
  ///   - budget: What limits the retries of all calls together, also of several clients; `nil` for the client's
  ///     own.
  public init(
    maxAttempts: Int, backoff: Backoff = .standard, rule: RetryRule = .standard, budget: RetryBudget? = nil
  ) {
    self.maxAttempts = max(1, maxAttempts)
    self.backoff = backoff
    self.rule = rule
    self.budget = budget
  }

  /// Three attempts, full jitter from 0.5 s up to 8 s.
  public static let standard = RetryPolicy(maxAttempts: 3)

  /// One attempt.
  public static let none = RetryPolicy(maxAttempts: 1)
}

/// The waits between attempts.
public struct Backoff: Sendable, Hashable {
  private let base: Duration
  private let cap: Duration

  /// A random wait between 50 ms and `base` · 2ⁿ, at most `cap`: spreads callers that failed together.
  ///
  /// - Parameters:
  ///   - base: The longest wait after the first attempt; it doubles with each further one.
  ///   - cap: The longest wait of all, at most a day; less than 50 ms lowers the shortest wait, too.
  public static func fullJitter(base: Duration, cap: Duration) -> Backoff {
    let cap = min(max(cap, .zero), .seconds(86_400))
    return Backoff(base: min(max(base, .zero), cap), cap: cap)
  }

  /// Full jitter from 0.5 s up to 8 s.
  public static let standard = fullJitter(base: .milliseconds(500), cap: .seconds(8))

  /// The wait after a failed attempt.
  ///
  /// - Parameters:
  ///   - attempt: The number of the failed attempt, counted from 1.
  ///   - random: A number from 0 up to 1.
  public func delay(after attempt: Int, random: Double) -> Duration {
    let doublings = min(max(attempt - 1, 0), 30)
    let ceiling = min(base * (1 << doublings), cap)
    return min(max(ceiling * random, .milliseconds(50)), cap)
  }
}
