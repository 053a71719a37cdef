// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import Testing

struct JSONCorpusTests {
  @Test(arguments: JSONCorpus.valid)
  func takesWhatIsJSON(text: String) throws {
    let bytes = Array(text.utf8)
    let value = try JSONValue(parsing: bytes)
    #expect(value.bytes == bytes.trimmed)
    let plain = try #require(PlainJSON(bytes))
    let disagreement = plain.disagreement(with: value)
    #expect(disagreement == nil)
  }

  @Test(arguments: JSONCorpus.invalid)
  func refusesWhatIsNot(text: String) {
    let bytes = Array(text.utf8)
    let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: bytes) }
    #expect(failure?.line != nil)
    #expect(failure?.offset.map { 0...bytes.count ~= $0 } == true)
    #expect(throws: JSONFailure.self) { try JSONText.decode(AnyJSON.self, from: bytes[...]) }
    // Not even as a part of a text that is valid otherwise.
    if !bytes.trimmed.isEmpty {
      #expect(throws: JSONFailure.self) {
        try JSONValue(parsing: Array("{\"a\":".utf8) + bytes + Array(",\"b\":0}".utf8))
      }
    }
  }

  @Test(arguments: JSONCorpus.implementationDefined.indices)
  func decidesWhereReadersDiffer(index: Int) {
    let (isTaken, text) = JSONCorpus.implementationDefined[index]
    let value = try? JSONValue(parsing: Array(text.utf8))
    #expect((value != nil) == isTaken)
    guard let value, let plain = PlainJSON(Array(text.utf8)) else { return }
    let disagreement = plain.disagreement(with: value)
    #expect(disagreement == nil)
  }

  @Test(arguments: JSONCorpus.notUTF8)
  func refusesWhatIsNotUTF8(bytes: [UInt8]) {
    for padding in 0..<34 {
      for rest in [0, 20] {
        let text =
          [0x22] + [UInt8](repeating: 0x61, count: padding) + bytes + [UInt8](repeating: 0x61, count: rest)
          + [0x22]
        #expect(throws: JSONFailure.self) { try JSONValue(parsing: text) }
        #expect(throws: JSONFailure.self) { try JSONValue(parsing: [0x5B] + text + [0x5D]) }
      }
    }
  }

  /// The scanner reads sixteen bytes at a time: what stops it must do so at every place of such a block.
  @Test func everyByteThatMustBeEscapedIsFoundAtEveryPlace() {
    for byte in (0..<0x20).map(UInt8.init) + [0x22, 0x5C] {
      for place in 0..<34 {
        var text = [UInt8](repeating: 0x7F, count: 35)
        text[place] = byte
        #expect(throws: JSONFailure.self) { try JSONValue(parsing: [0x22] + text + [0x22]) }
      }
    }
  }

  /// Every scalar at every place of a block, raw and escaped.
  @Test func everyLengthOfAnEncodedCharacterIsReadAtEveryPlace() throws {
    for scalar in [
      "\u{7F}", "\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}",
    ] {
      let escaped = scalar.utf16.map { unit in
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }.joined()
      for place in 0..<34 {
        let padding = String(repeating: "a", count: place)
        for rest in ["", String(repeating: "b", count: 20)] {
          for form in [scalar, escaped] {
            let value = try JSONValue(parsing: Array("\"\(padding)\(form)\(rest)\"".utf8))
            #expect(value.string == padding + scalar + rest)
          }
        }
      }
    }
  }
}

extension [UInt8] {
  /// Without white space at both ends.
  fileprivate var trimmed: [UInt8] {
    func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x0A, 0x0D, 0x09].contains(byte) }
    return Array(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
