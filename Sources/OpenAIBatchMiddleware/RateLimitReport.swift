// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// What an answer says of the room that is left: `x-ratelimit-remaining-requests` and
/// `x-ratelimit-reset-requests`.
///
/// The token limits in the same answers are those of the models, which no call of this SDK uses up.
struct RateLimitReport: Sendable, Hashable {
  /// How many requests may still be made before the reset.
  let remaining: Int
  /// The time until there is room again.
  let reset: Duration

  /// Reads the headers; `nil` unless both are there and make sense. A reset of more than a day is a date.
  init?(_ fields: HTTPFields) {
    guard let remaining = fields[.rateLimitRemaining].flatMap({ Int($0.trimmingSpaces) }), remaining >= 0,
      let reset = fields[.rateLimitReset].flatMap(Self.duration), reset > .zero, reset <= .seconds(86_400)
    else { return nil }
    self.remaining = remaining
    self.reset = reset
  }

  /// Reads a Go duration (`1h2m3.5s`, `6m0s`, `12ms`) or plain seconds, as other vendors send them; `nil` for
  /// anything else.
  static func duration(_ text: String) -> Duration? {
    var rest = text.trimmingSpaces
    if let seconds = RetryHint.decimal(rest) { return .seconds(min(seconds, longest)) }
    var total = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { "0123456789.".utf8.contains($0.utf8.first ?? 0) && $0.isASCII }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let number = RetryHint.decimal(digits), let seconds = units[String(unit)] else { return nil }
      total += number * seconds
    }
    return text.trimmingSpaces.isEmpty ? nil : .seconds(min(total, longest))
  }

  /// A year: enough to say that it is beyond any use.
  private static let longest = 365 * 86_400.0
  private static let units: [String: Double] = [
    "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9,
  ]
}

extension HTTPField.Name {
  static let rateLimitRemaining = HTTPField.Name("x-ratelimit-remaining-requests") ?? .retryAfter
  static let rateLimitReset = HTTPField.Name("x-ratelimit-reset-requests") ?? .retryAfter
}
