// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Reading what compatible providers send in place of the documented types.
extension KeyedDecodingContainer {
  /// A text, with `""`, null and any other type counting as absent.
  func text(_ key: Key) -> String? {
    let text = tolerant(String.self, key)
    return text?.isEmpty == true ? nil : text
  }

  /// A text or a number as text; `""` and null count as absent.
  func scalarText(_ key: Key) -> String? {
    text(key) ?? tolerant(Int.self, key).map(String.init)
  }

  /// A text that must be there.
  func requiredText(_ key: Key) throws -> String {
    let text = try decode(String.self, forKey: key)
    guard !text.isEmpty else {
      throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "the id is empty")
    }
    return text
  }

  /// A value, with null and any other type counting as absent.
  func tolerant<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
    guard contains(key), (try? decodeNil(forKey: key)) != true else { return nil }
    return try? decode(type, forKey: key)
  }

  /// Pairs of texts; values of another scalar type are written as text, so that no pair is lost.
  func stringPairs(_ key: Key) -> [String: String]? {
    if let pairs = tolerant([String: String].self, key) { return pairs }
    return tolerant([String: LooseText].self, key)?.compactMapValues(\.text)
  }

  /// A moment: seconds as a number or as digits, milliseconds when beyond the year 5138, or ISO 8601 text.
  /// Null, `""` and 0 count as absent.
  func timestamp(_ key: Key) throws -> Date? {
    guard contains(key), try !decodeNil(forKey: key) else { return nil }
    if let number = try? decode(Double.self, forKey: key) { return Date(timestamp: number) }
    let text = try decode(String.self, forKey: key)
    if text.isEmpty { return nil }
    if let number = Double(text) { return Date(timestamp: number) }
    guard let date = Date(iso8601: text) else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "\"\(text.prefix(64))\" is not a moment in time")
    }
    return date
  }
}

extension KeyedEncodingContainer {
  /// Writes whole seconds since 1970, or null.
  mutating func encode(timestamp: Date?, _ key: Key) throws {
    try encode(timestamp.map { Int64($0.timeIntervalSince1970.rounded()) }, forKey: key)
  }
}

extension Date {
  /// Seconds, or milliseconds above 10¹¹; `nil` for what no server means as a moment: 0, and the midnight of
  /// 2000 in Beijing, by which Bella says "not set".
  fileprivate init?(timestamp number: Double) {
    guard number > 0, number < 1e17, number != 946_656_000_000 else { return nil }
    self.init(timeIntervalSince1970: number > 1e11 ? number / 1000 : number)
  }

  /// `2026-11-22T01:02:03`, with 0 to 9 fraction digits, and `Z`, an offset, or neither (then UTC).
  fileprivate init?(iso8601 text: String) {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? {
      guard range.upperBound <= bytes.count else { return nil }
      return bytes[range].reduce(Int?(0)) { value, byte in
        guard let value, 0x30...0x39 ~= byte else { return nil }
        return value * 10 + Int(byte - 0x30)
      }
    }
    func isAt(_ index: Int, _ allowed: String) -> Bool {
      index < bytes.count && allowed.utf8.contains(bytes[index])
    }
    guard let year = number(0..<4), isAt(4, "-"), let month = number(5..<7), isAt(7, "-"),
      let day = number(8..<10), isAt(10, "Tt "), let hour = number(11..<13), isAt(13, ":"),
      let minute = number(14..<16), isAt(16, ":"), let second = number(17..<19),
      1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second < 61
    else { return nil }
    var index = 19
    var fraction = 0.0
    if isAt(index, ".,") {
      let digits = bytes[(index + 1)...].prefix { 0x30...0x39 ~= $0 }
      guard !digits.isEmpty, let value = Double("0." + String(decoding: digits, as: UTF8.self)) else {
        return nil
      }
      fraction = value
      index = digits.endIndex
    }
    var offset = 0
    if isAt(index, "+-") {
      let sign = bytes[index] == UInt8(ascii: "-") ? -1 : 1
      let minutesAt = isAt(index + 3, ":") ? index + 4 : index + 3
      guard let hours = number(index + 1..<index + 3) else { return nil }
      let minutes = bytes.count > index + 3 ? number(minutesAt..<minutesAt + 2) : 0
      guard let minutes, bytes.count == (bytes.count > index + 3 ? minutesAt + 2 : index + 3) else {
        return nil
      }
      offset = sign * (hours * 3600 + minutes * 60)
    } else if isAt(index, "Zz") {
      guard bytes.count == index + 1 else { return nil }
    } else if index != bytes.count {
      return nil
    }
    let seconds = Self.daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    self.init(timeIntervalSince1970: Double(seconds) + fraction)
  }

  /// Days of the proleptic Gregorian calendar, counted in years that begin in March.
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let marchYear = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
  }
}

/// A scalar of any type as text.
private struct LooseText: Decodable {
  let text: String?
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      self.text = text
    } else if let flag = try? container.decode(Bool.self) {
      self.text = String(flag)
    } else if let number = try? container.decode(Int.self) {
      self.text = String(number)
    } else if let number = try? container.decode(Double.self) {
      self.text = String(number)
    } else {
      self.text = nil
    }
  }
}
