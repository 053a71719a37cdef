// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// How long a server asks to wait before the next attempt.
public struct RetryHint: Sendable, Hashable {
  /// The wait; a hint beyond any use is one year.
  public let delay: Duration

  /// Longer waits are not waited for: the call fails at once and reports the hint.
  public static let longest: Duration = .seconds(120)

  /// Reads the headers; `retry-after-ms` wins over `Retry-After`.
  ///
  /// What is empty, zero, negative, in the past or not a number or date is no hint.
  ///
  /// - Parameters:
  ///   - milliseconds: The value of `retry-after-ms`.
  ///   - retryAfter: The value of `Retry-After`: seconds, with a fraction if need be, or an HTTP date.
  ///   - now: The wall clock's seconds since 1970.
  public init?(milliseconds: String?, retryAfter: String?, now: Double) {
    let seconds =
      milliseconds.flatMap(Self.number).map { $0 / 1000 }
      ?? retryAfter.flatMap(Self.number)
      ?? retryAfter.flatMap(HTTPDate.secondsSince1970).map { $0 - now }
    guard let seconds, seconds > 0 else { return nil }
    delay = .seconds(min(seconds, 365 * 86_400))
  }

  /// How long to wait for a server that asked for `delay`: a tenth more at most, and no more than a second, so that
  /// those who were told the same time do not come back together.
  ///
  /// - Parameter random: A number from 0 up to 1.
  package static func wait(for delay: Duration, random: Double) -> Duration {
    delay + min(.seconds(1), delay * 0.1) * random
  }

  init?(_ fields: HTTPFields, now: Double) {
    self.init(
      milliseconds: fields[.retryAfterMilliseconds], retryAfter: fields[.retryAfter], now: now)
  }

  private static func number(_ text: String) -> Double? {
    decimal(text.trimmingSpaces).flatMap { $0 > 0 ? $0 : nil }
  }

  /// Digits with an optional fraction. (`Double` alone would take `inf`, `nan` and `0x1p3`.)
  static func decimal(_ text: Substring) -> Double? {
    guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ".") }) else {
      return nil
    }
    return Double(text)
  }
}

extension String {
  /// Without spaces and tabs around it.
  var trimmingSpaces: Substring {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let start = drop(while: isSpace)
    return start.dropLast(start.reversed().prefix(while: isSpace).count)
  }
}
