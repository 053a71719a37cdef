// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON

extension PlainJSON {
  /// Asks `value`, which was read from the same text, everything that can be asked of it and of what is inside of it.
  ///
  /// - Returns: What it says otherwise; `nil` when nothing.
  func disagreement(with value: JSONValue) -> String? {
    if value.range != range { return "the range is \(value.range), not \(range)" }
    if value.bytes.count != range.count { return "there are \(value.bytes.count) bytes, not \(range.count)" }
    return switch kind {
    case .null: scalar(value, .null, isNull: true)
    case .bool(let bool): scalar(value, .boolean, text: bool ? "true" : "false", bool: bool)
    case .number(let text): number(value, text)
    case .string(let units): string(value, units)
    case .array(let elements): array(value, elements)
    case .object(let members): object(value, members)
    }
  }

  private func scalar(
    _ value: JSONValue, _ kind: JSONValue.Kind, text: String? = nil, string: String? = nil, bool: Bool? = nil,
    isNull: Bool = false
  ) -> String? {
    let isSame =
      value.kind == kind && Self.areSame(value.string, string) && value.bool == bool && value.isNull == isNull
      && Self.areSame(value.read(\.scalarText), text)
      && value.read { $0.isString(string ?? "") } == (string != nil)
      && (kind == .number || (value.int == nil && value.double == nil && value.float == nil))
      && (kind == .number || value.read(\.wholeInt) == nil)
      && value.count == 0 && value.members.isEmpty && value.elements.isEmpty && value.floats == nil
      && value[0] == nil && value[""] == nil
    return isSame ? nil : "a scalar reads as another: \(String(decoding: value.bytes, as: UTF8.self))"
  }

  private func number(_ value: JSONValue, _ text: String) -> String? {
    let isSame =
      value.int == Int(text) && value.read(\.wholeInt) == Self.wholeInt(text)
      && value.double?.bitPattern == Double(text).flatMap { $0.isFinite ? $0.bitPattern : nil }
      && value.float?.bitPattern == Float(text).flatMap { $0.isFinite ? $0.bitPattern : nil }
    return isSame ? scalar(value, .number, text: text) : "the number \(text) reads as another"
  }

  private func string(_ value: JSONValue, _ units: [UInt16]) -> String? {
    if value.read(\.hasLoneSurrogate) != Self.hasLoneSurrogate(units) {
      return "a lone surrogate is overlooked"
    }
    let text = Self.text(units)
    return scalar(value, .string, text: text, string: text)
  }

  private func array(_ value: JSONValue, _ elements: [PlainJSON]) -> String? {
    let found = value.elements
    guard value.kind == .array, value.count == elements.count, found.count == elements.count,
      value.members.isEmpty, value.string == nil, !value.isNull, value[elements.count] == nil,
      value[elements.count - 1]?.range == elements.last?.range
    else { return "an array has other elements" }
    for (element, value) in zip(elements, found) {
      if let difference = element.disagreement(with: value) { return difference }
    }
    let floats = found.compactMap { $0.kind == .number ? $0.float : nil }
    return value.floats == (floats.count == found.count ? floats : nil) ? nil : "an array has other numbers"
  }

  private func object(_ value: JSONValue, _ members: [(key: [UInt16], value: PlainJSON)]) -> String? {
    let found = value.members
    var viewed: [String?] = []
    value.read { $0.forEachMember { key, _ in viewed.append(key.string) } }
    let keys = members.map { Self.text($0.key) }
    guard value.kind == .object, value.count == members.count,
      found.map(\.key).elementsEqual(keys, by: Self.areSame), viewed.elementsEqual(keys, by: Self.areSame),
      value.elements.isEmpty, value.string == nil, !value.isNull, value[0] == nil,
      (try? value.decode(as: [String: JSONValue].self)) == nil
        || !members.contains(where: { Self.hasLoneSurrogate($0.key) })
    else { return "an object has other members" }
    let first = Dictionary(zip(keys.map { Array($0.utf8) }, members.map(\.value.range))) { first, _ in first }
    // All keys of a large object would take quadratic time.
    for key in keys.prefix(50) + keys.suffix(1) {
      // The key itself, and others of the same length that often have the same bytes at one end.
      for name in [key, String(key.dropLast()) + "x", "x" + String(key.dropFirst()), key + "x"]
      where value[name]?.range != first[Array(name.utf8)] {
        return "the key \(name.debugDescription) is not told right"
      }
    }
    for (member, found) in zip(members, found) {
      if let difference = member.value.disagreement(with: found.value) { return difference }
    }
    return nil
  }

  /// Whether texts have the same bytes; `==` takes composed characters for decomposed ones.
  private static func areSame(_ one: String?, _ other: String?) -> Bool {
    one.map { Array($0.utf8) } == other.map { Array($0.utf8) }
  }

  private static func text(_ units: [UInt16]) -> String { String(decoding: units, as: UTF16.self) }

  private static func hasLoneSurrogate(_ units: [UInt16]) -> Bool {
    String(validating: units, as: UTF16.self) == nil
  }

  /// The integer that a number is, in any spelling.
  private static func wholeInt(_ text: String) -> Int? {
    let parts = text.lowercased().split(separator: "e")
    let mantissa = parts[0].split(separator: ".")
    var digits = String(mantissa.joined().drop { $0 == "-" }.drop { $0 == "0" })
    if digits.isEmpty { return 0 }
    guard var scale = parts.count > 1 ? Int(parts[1]) : 0, scale.magnitude < 1 << 40 else { return nil }
    scale -= mantissa.count > 1 ? mantissa[1].count : 0
    while scale < 0, digits.last == "0" {
      digits.removeLast()
      scale += 1
    }
    guard 0...20 ~= scale else { return nil }
    return Int((text.hasPrefix("-") ? "-" : "") + digits + String(repeating: "0", count: scale))
  }
}
