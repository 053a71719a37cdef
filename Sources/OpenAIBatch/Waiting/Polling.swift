// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// How often a waiting client asks.
public struct Polling: Sendable, Hashable {
  private let interval: Duration?

  /// A twentieth of the time waited so far, between 2 s and 300 s, ±10 %: quick at first, and at most about
  /// 400 requests in 24 hours.
  public static let adaptive = Polling(interval: nil)

  /// Always the same interval, ±10 %; at least 10 ms.
  public static func every(_ interval: Duration) -> Polling {
    Polling(interval: max(interval, .milliseconds(10)))
  }

  /// The time until the next poll.
  ///
  /// - Parameters:
  ///   - elapsed: The time waited so far.
  ///   - random: A number from 0 up to 1.
  func delay(after elapsed: Duration, random: Double) -> Duration {
    let middle = interval ?? min(max(elapsed / 20, .seconds(2)), .seconds(300))
    return middle * (0.9 + 0.2 * random)
  }
}
