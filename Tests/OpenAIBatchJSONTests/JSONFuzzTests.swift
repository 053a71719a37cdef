// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import Testing

/// What a user's type is like: every kind of member, required ones and others.
final class FuzzRecord: Decodable, Equatable {
  let id: Int8?
  let name: String
  let score: Double?
  let ratio: Float?
  let flag: Bool?
  let tags: [String]?
  let map: [String: Int]?
  let child: FuzzRecord?
  let count: UInt16?

  static func == (one: FuzzRecord, other: FuzzRecord) -> Bool {
    one.id == other.id && one.name == other.name && one.score == other.score && one.ratio == other.ratio
      && one.flag == other.flag && one.tags == other.tags && one.map == other.map && one.child == other.child
      && one.count == other.count
  }
}

/// The decoder against Foundation's `JSONDecoder`: the same texts are taken, and give the same values. See
/// ``JSONFuzz`` for longer runs.
struct JSONFuzzTests {
  @Test(arguments: 0..<4)
  func validTextsDecodeAsByFoundation(seed: Int) {
    var fuzz = JSONFuzz(seed: seed)
    for _ in 0..<JSONFuzz.documents(parts: 4) { compare(AnyJSON.self, fuzz.document()) }
  }

  @Test(arguments: 4..<8)
  func recordsDecodeAsByFoundation(seed: Int) {
    var fuzz = JSONFuzz(seed: seed)
    var taken = 0
    let documents = JSONFuzz.documents(parts: 4)
    for _ in 0..<documents where compare(FuzzRecord.self, Array(fuzz.record().utf8)) { taken += 1 }
    // A fuzz whose texts all fit, or never do, would prove little.
    #expect(documents < 100 || (documents / 20...documents * 19 / 20) ~= taken)
  }

  @Test(arguments: 8..<12)
  func damagedTextsAreDecidedAsByFoundation(seed: Int) {
    var fuzz = JSONFuzz(seed: seed)
    var taken = 0
    let documents = JSONFuzz.documents(parts: 4)
    for _ in 0..<documents {
      var bytes = fuzz.chance(2) ? fuzz.document() : Array(fuzz.record().utf8)
      fuzz.damage(&bytes)
      if compare(AnyJSON.self, bytes) { taken += 1 }
      // What a damaged text still says must be found without a trap.
      for member in JSONValue.wholeMembers(of: bytes[...]) { _ = (member.value.kind, member.value.bytes) }
    }
    #expect(documents < 100 || (documents / 20...documents * 19 / 20) ~= taken)
  }

  @Test(arguments: 12..<16)
  func numbersReadAsByFoundation(seed: Int) {
    var fuzz = JSONFuzz(seed: seed)
    for _ in 0..<JSONFuzz.documents(parts: 4) {
      let text = fuzz.number()
      let bytes = Array("[\(text)]".utf8)
      compare([Double].self, bytes)
      compare([Float].self, bytes)
      compare([Double?].self, bytes)
      compare([Float?].self, bytes)
      compare([Decimal].self, bytes)
      let value = try? JSONValue(parsing: bytes)[0]
      #expect(value?.double == Double(text).flatMap { $0.isFinite ? $0 : nil }, "\(text)")
      #expect(value?.float == Float(text).flatMap { $0.isFinite ? $0 : nil }, "\(text)")
      #expect(value?.int == Int(text), "\(text)")
    }
  }

  /// Compares what both decoders say of a text.
  ///
  /// - Returns: Whether we take it.
  @discardableResult
  private func compare<Value: Decodable & Equatable>(_ type: Value.Type, _ bytes: [UInt8]) -> Bool {
    let theirs = try? JSONDecoder().decode(type, from: Data(bytes))
    let text = String(decoding: bytes, as: UTF8.self)
    do throws(JSONFailure) {
      let ours = try JSONText.decode(type, from: bytes[...])
      #expect(ours == theirs || (theirs == nil && hasZeroWithExponent(text)), "\(text.debugDescription)")
      return true
    } catch {
      #expect(
        theirs == nil || isTrailingComma(at: error.offset, in: bytes) || bytes.prefix(4).contains(0)
          || isRefusedWhenReadWhole(bytes), "\(text.debugDescription): \(error)")
      return false
    }
  }

  /// Foundation refuses some spellings of zero as a `Double`: `0e1` and `0.0e-4`, but not `0e-5`.
  private func hasZeroWithExponent(_ text: String) -> Bool {
    text.range(of: "(?<![0-9.])0(\\.0+)?[eE]", options: .regularExpression) != nil
  }

  /// Foundation takes a comma before a closing bracket.
  private func isTrailingComma(at offset: Int?, in bytes: [UInt8]) -> Bool {
    guard let offset, offset < bytes.count, bytes[offset] == 0x7D || bytes[offset] == 0x5D else {
      return false
    }
    return bytes[..<offset].last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == 0x2C
  }

  /// `JSONDecoder` checks no strings and numbers but those that are asked for: the second one of a name is not.
  private func isRefusedWhenReadWhole(_ bytes: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) == nil
  }
}
