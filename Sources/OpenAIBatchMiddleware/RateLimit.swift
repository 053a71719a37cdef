// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// How many requests a client may make in a time. Attempts count, not calls.
public struct RateLimit: Sendable, Hashable {
  /// The time between two requests at the steady rate; `nil` for no limit.
  let interval: Duration?
  let burst: Int

  /// No limit.
  public static let unlimited = RateLimit(interval: nil, burst: 0)

  /// At most `burst` requests at once, and `count` in each `period` after that.
  ///
  /// - Parameters:
  ///   - count: 1 or more.
  ///   - period: From 1 ns to 365 days.
  ///   - burst: How many may go at once after a pause: 1 to 1,000,000.
  ///
  /// A figure out of range counts as the nearest in it.
  public static func requests(_ count: Int, per period: Duration, burst: Int = 1) -> RateLimit {
    let period = min(max(period, .nanoseconds(1)), .seconds(365 * 86_400))
    return RateLimit(interval: period / max(count, 1), burst: min(max(burst, 1), 1_000_000))
  }
}
