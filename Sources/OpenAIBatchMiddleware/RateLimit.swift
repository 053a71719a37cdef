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
  ///   - period: Longer than zero.
  ///   - burst: How many may go at once after a pause; 1 or more.
  public static func requests(_ count: Int, per period: Duration, burst: Int = 1) -> RateLimit {
    RateLimit(interval: max(period, .nanoseconds(1)) / max(count, 1), burst: max(burst, 1))
  }
}
