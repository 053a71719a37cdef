// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension Members {
  /// A moment: seconds since 1970 as a number or as digits, or ISO 8601 text; by their size also milli-, micro-
  /// and nanoseconds.
  ///
  /// Null, `""`, and what servers send for "not yet" and "never", count as absent: 0, negative numbers and years
  /// before 1970 (the zero time of Go and .NET), years after 5138 (.NET's last), and Bella's midnight of 2000.
  package mutating func timestamp(_ key: Key) throws(JSONMisfit) -> Date? {
    guard let value = self[key] else { return nil }
    let text = value.string
    if text?.isEmpty == true { return nil }
    let seconds =
      value.double.flatMap(UnixTime.seconds)
      ?? text.flatMap { UnixTime.seconds(digits: $0) ?? UnixTime.seconds(iso8601: $0) }
    guard let seconds else { throw JSONMisfit("the value is not a moment in time", value) }
    let date = Date(timeIntervalSince1970: seconds)
    // Not the seconds: a date holds 1e-9 of them as none.
    return date.timeIntervalSince1970 > 0 && seconds <= UnixTime.limit ? date : nil
  }
}

extension KeyedEncodingContainer {
  /// Writes seconds since 1970, whole ones as an integer like the service, or null.
  mutating func encode(timestamp: Date?, _ key: Key) throws {
    let seconds = timestamp?.timeIntervalSince1970
    if let seconds, Int64(exactly: seconds) == nil {
      try encode(seconds, forKey: key)
    } else {
      try encode(seconds.flatMap(Int64.init(exactly:)), forKey: key)
    }
  }
}

/// Seconds since 1970 from the forms in which servers send them; 0 or less for "not set".
private enum UnixTime {
  /// The year 5138 in seconds, March 1973 in milliseconds: a number above it is of a smaller unit.
  static let limit = 1e11

  /// A number in any unit down to nanoseconds.
  static func seconds(_ number: Double) -> Double? {
    if number == 946_656_000_000 { return 0 }
    guard number < 1e20 else { return nil }
    var seconds = number
    while seconds > limit { seconds /= 1000 }
    return seconds
  }

  static func seconds(digits text: String) -> Double? {
    guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2E || $0 == 0x2D }) else { return nil }
    return Double(text).flatMap(seconds)
  }

  /// `2026-11-22T01:02:03`, with any number of fraction digits, and `Z`, an offset, or neither (then UTC).
  static func seconds(iso8601 text: String) -> Double? {
    var digits = text.utf8[...]
    guard let year = number(4, &digits), take("-", &digits), let month = number(2, &digits, in: 1...12),
      take("-", &digits), let day = number(2, &digits, in: 1...daysInMonth(month, year)),
      take("Tt ", &digits), let hour = number(2, &digits, in: 0...23), take(":", &digits),
      let minute = number(2, &digits, in: 0...59), take(":", &digits),
      // A leap second is read as the first second of the next minute.
      let second = number(2, &digits, in: 0...60), let fraction = fraction(&digits),
      let offset = offset(&digits), digits.isEmpty
    else { return nil }
    let seconds = daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    return Double(seconds) + fraction
  }

  private static func take(_ allowed: String, _ text: inout Substring.UTF8View) -> Bool {
    guard let byte = text.first, allowed.utf8.contains(byte) else { return false }
    text.removeFirst()
    return true
  }

  private static func number(
    _ count: Int, _ text: inout Substring.UTF8View, in range: ClosedRange<Int> = 0...9999
  ) -> Int? {
    let digits = text.prefix(count)
    guard digits.count == count, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    text = text.dropFirst(count)
    let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return range ~= number ? number : nil
  }

  private static func fraction(_ text: inout Substring.UTF8View) -> Double? {
    guard take(".,", &text) else { return 0 }
    let digits = text.prefix { 0x30...0x39 ~= $0 }
    text = text.dropFirst(digits.count)
    return digits.isEmpty ? nil : Double("0.\(Substring(digits))")
  }

  private static func offset(_ text: inout Substring.UTF8View) -> Int? {
    if text.isEmpty || take("Zz", &text) { return 0 }
    let isWest = text.first == UInt8(ascii: "-")
    guard take("+-", &text), let hours = number(2, &text, in: 0...23) else { return nil }
    if text.isEmpty { return (isWest ? -1 : 1) * hours * 3600 }
    _ = take(":", &text)
    return number(2, &text, in: 0...59).map { (isWest ? -1 : 1) * (hours * 3600 + $0 * 60) }
  }

  private static func daysInMonth(_ month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days of the Gregorian calendar, counted in years that begin in March.
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let marchYear = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
  }
}
