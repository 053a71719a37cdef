// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import Testing

/// Strings are made without a second look at bytes that the scanner has checked: they must be as good as others.
struct JSONStringTests {
  @Test(arguments: ["", "é", "漢", "😀", "e\u{301}", "\u{7F}", "\u{80}", "\n", "\\", "\u{FFFD}"])
  func aTextIsAsGoodAsAny(special: String) throws {
    for length in [0, 1, 14, 15, 16, 17, 40] {
      for isEscaped in [false, true] {
        let text = String(repeating: "a", count: length) + special + String(repeating: "b", count: length)
        let literal = isEscaped ? Self.escaped(text) : Self.plain(text)
        let read = try #require(try JSONValue(parsing: Array(literal.utf8)).string)
        #expect(read == text && read.hashValue == text.hashValue && text == read)
        #expect(Array(read.utf8) == Array(text.utf8))
        #expect(read.count == text.count && read.unicodeScalars.elementsEqual(text.unicodeScalars))
        #expect(read.uppercased() == text.uppercased() && read.contains("é") == text.contains("é"))
        #expect((read + "é").hasSuffix("é") && Set([read]).contains(text))
      }
    }
  }

  /// As written, with the escapes that must be.
  private static func plain(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n") + "\""
  }

  /// Every unit as an escape.
  private static func escaped(_ text: String) -> String {
    "\"" + text.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).suffix(4) }.joined() + "\""
  }
}
