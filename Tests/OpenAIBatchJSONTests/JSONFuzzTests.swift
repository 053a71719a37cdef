// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import Testing

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

  /// Every value with every accessor, and nothing taken that is not JSON.
  @Test(arguments: 16..<20)
  func textsReadAsPlainly(seed: Int) {
    var fuzz = JSONFuzz(seed: seed)
    for _ in 0..<JSONFuzz.documents(parts: 4) {
      var bytes = fuzz.chance(2) ? fuzz.document() : Array(fuzz.record().utf8)
      if fuzz.chance(2) { fuzz.damage(&bytes) }
      let (plain, value) = (PlainJSON(bytes), try? JSONValue(parsing: bytes))
      let text = String(decoding: bytes, as: UTF8.self).debugDescription
      #expect((plain == nil) == (value == nil), "\(text)")
      guard let plain, let value else { continue }
      let disagreement = plain.disagreement(with: value)
      #expect(disagreement == nil, "\(text)")
    }
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
      guard !text.contains(where: { "eE".contains($0) }) else { continue }
      let parts = text.split(separator: ".")
      let isWhole = parts.dropFirst().allSatisfy { $0.allSatisfy { $0 == "0" } }
      #expect((try? value?.decode(as: Int.self)) == (isWhole ? Int(parts[0]) : nil), "\(text)")
    }
  }

  /// Compares what both decoders say of a text.
  ///
  /// - Returns: Whether we take it.
  @discardableResult
  private func compare<Value: Decodable & Equatable>(_ type: Value.Type, _ bytes: [UInt8]) -> Bool {
    let comparison = FoundationComparison(type, bytes)
    #expect(comparison.disagreement == nil)
    return comparison.isTaken
  }
}
