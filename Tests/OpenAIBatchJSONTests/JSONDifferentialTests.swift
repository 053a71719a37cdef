// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import Testing

/// The scanner against Foundation's `JSONSerialization`: the same texts are taken, and mean the same.
struct JSONDifferentialTests {
  /// Texts with every kind of token, to cut and to damage.
  static let seeds = [
    #"{"id":"batch_1","n":-12.5e+3,"t":true,"f":false,"z":null,"list":[1,2,[],{}],"o":{"k":"v"}}"#,
    #" [ "plain" , "esc \" \\ \/ \b\f\n\r\t \u00e9 \ud83d\ude00" , 0 , -0 , 1E9 , 123456789012345678 ] "#,
    "{\"é\":\"漢字 \u{1F600} \u{2028}\",\"\":\"\",\"a\":{\"b\":{\"c\":[[[1]]]}}}",
    #"{"custom_id":"r","response":{"status_code":200,"body":{"choices":[{"message":{"content":"Hi\n"}}]}},"error":null}"#,
    "\"just a longer text without any escape at all, over many words\"", "-0.0e-0", "true", "null", "[]",
    "{}",
  ]

  @Test(arguments: seeds)
  func everyPrefixIsDecidedAsByFoundation(text: String) {
    let bytes = Array(text.utf8)
    for length in 0...bytes.count { compare(Array(bytes[..<length])) }
    for start in 1..<bytes.count { compare(Array(bytes[start...])) }
  }

  @Test(arguments: 0..<8)
  func damagedTextsAreDecidedAsByFoundation(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var accepted = 0
    for _ in 0..<1000 {
      var bytes = Array(Self.seeds.randomElement(using: &random, or: "").utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) { damage(&bytes, &random) }
      if compare(bytes) { accepted += 1 }
    }
    // A fuzz whose texts are all refused, or all taken, would prove nothing.
    #expect(100...900 ~= accepted)
  }

  /// Where we differ from Foundation on purpose, by one text each.
  @Test(arguments: [
    // Foundation takes a comma before a closing bracket, and guesses UTF-16 and UTF-32 from zeros.
    ("[1,]", false, true), ("{\"a\":1 , }", false, true), ("3\0", false, true), ("\u{FEFF}[1]", false, true),
    // Foundation refuses numbers beyond a Double; we keep their text.
    ("1e400", true, false),
    // Where we do not: lone surrogates and depth.
    ("\"\\ud800\"", false, false), ("\"\\udc00\"", false, false),
    (String(repeating: "[", count: 512) + String(repeating: "]", count: 512), true, true),
    (String(repeating: "[", count: 513) + String(repeating: "]", count: 513), false, false),
  ])
  func theDifferences(text: String, ours: Bool, theirs: Bool) {
    let bytes = Array(text.utf8)
    #expect(((try? JSONValue(parsing: bytes)) != nil) == ours)
    #expect((foundation(bytes) != nil) == theirs)
  }

  /// Compares what both sides say of a text.
  ///
  /// - Returns: Whether we take it.
  @discardableResult
  private func compare(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    let theirs = foundation(bytes)
    // A damaged text must be readable without a trap, whatever it is.
    _ = JSONValue.wholeMembers(of: bytes[...])
    do throws(JSONFailure) {
      let ours = try JSONValue(parsing: bytes)
      if let theirs {
        #expect(means(ours, theirs), "\(text.debugDescription)")
      } else {
        #expect(hasNumberBeyondDouble(ours), "\(text.debugDescription)")
      }
      return true
    } catch {
      let isOurs = bytes.prefix(4).contains(0) || isTrailingComma(at: error.offset, in: bytes)
      #expect(theirs == nil || isOurs, "\(text.debugDescription): \(error)")
      return false
    }
  }

  private func foundation(_ bytes: [UInt8]) -> Any? {
    try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
  }

  private func hasNumberBeyondDouble(_ value: JSONValue) -> Bool {
    (value.kind == .number && value.double == nil)
      || value.elements.contains(where: hasNumberBeyondDouble)
      || value.members.contains { hasNumberBeyondDouble($0.value) }
  }

  private func isTrailingComma(at offset: Int?, in bytes: [UInt8]) -> Bool {
    guard let offset, offset < bytes.count, bytes[offset] == 0x7D || bytes[offset] == 0x5D else {
      return false
    }
    return bytes[..<offset].last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == 0x2C
  }

  /// Whether a value means what Foundation read.
  private func means(_ value: JSONValue, _ other: Any) -> Bool {
    switch value.kind {
    case .null: return other is NSNull
    case .boolean: return value.bool == other as? Bool
    case .string: return value.string == other as? String
    case .number: return isNear(value.double, (other as? NSNumber)?.doubleValue)
    case .array:
      let (elements, others) = (value.elements, other as? [Any] ?? [])
      return elements.count == others.count && zip(elements, others).allSatisfy { means($0, $1) }
        && elements.indices.allSatisfy { value[$0]?.bytes == elements[$0].bytes }
    case .object:
      let (members, others) = (value.members, other as? [String: Any] ?? [:])
      // A key that stands twice: we read its first value, and list both.
      guard Set(members.map(\.key)).count == members.count else { return others.count < members.count }
      return members.count == others.count
        && members.allSatisfy { key, member in
          value[key]?.bytes == member.bytes && others[key].map { means(member, $0) } == true
        }
    }
  }

  /// Foundation keeps long numbers as decimals, which become a `Double` some units away from the nearest.
  private func isNear(_ one: Double?, _ other: Double?) -> Bool {
    guard let one, let other else { return false }
    return abs(one - other) <= one.ulp * 8
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
    let tokens =
      Array("{}[]:,\"\\ \n\t0123456789-+.eEutfn/".utf8) + [
        0x00, 0x1F, 0x7F, 0x80, 0xC3, 0xE2, 0xED, 0xF4, 0xFF,
      ]
    let place = Int.random(in: 0...bytes.count, using: &random)
    let token = tokens.randomElement(using: &random, or: 0)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes.insert(token, at: place)
    case 1 where place < bytes.count: bytes.remove(at: place)
    case 2 where place < bytes.count: bytes[place] = token
    case 3 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 4:
      let end = Int.random(in: place...bytes.count, using: &random)
      bytes.insert(contentsOf: bytes[place..<end], at: place)
    default:
      // A change that keeps the text valid, so that both sides also agree on what they take.
      bytes.insert(contentsOf: [0x20, 0x0A], at: bytes.startIndex)
    }
  }
}

extension Collection {
  fileprivate func randomElement(using random: inout some RandomNumberGenerator, or other: Element) -> Element
  {
    randomElement(using: &random) ?? other
  }
}

/// A small generator, so that a failing run can be repeated.
private struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
