// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import Testing

struct JSONTextTests {
  @Test func encodesWithSortedKeysAndWithoutLineSeparators() throws {
    let value = ["b": "a/b", "a": "x\u{2028}y\u{2029}z\u{85}\u{e9}"]
    let text = String(decoding: try JSONText.encode(value), as: UTF8.self)
    #expect(text == "{\"a\":\"x\\u2028y\\u2029z\\u0085\u{e9}\",\"b\":\"a/b\"}")
    #expect(try JSONText.decode([String: String].self, from: Array(text.utf8)[...]) == value)
  }

  @Test func aLiteralIsWhatTheEncoderWrites() throws {
    for text in (0..<0x100).map({ String(Unicode.Scalar(UInt8($0))) }) + [
      "", "a/b", "\u{2028}\u{2029}", "漢字 😀",
    ] {
      let encoded = try JSONText.encode(text)
      #expect(
        String(decoding: JSONText.literal(text), as: UTF8.self) == String(decoding: encoded, as: UTF8.self))
    }
  }

  /// Neighbours of the separators, with which they share bytes, stay as they are.
  @Test(arguments: [
    ("", ""), ("\u{2027}\u{2030}\u{84}\u{86}’é", "\u{2027}\u{2030}\u{84}\u{86}’é"), ("\u{2028}", "\\u2028"),
    ("a\u{2028}\u{2029}", "a\\u2028\\u2029"), ("\u{85}’\u{85}b", "\\u0085’\\u0085b"), ("’", "’"),
  ])
  func lineSeparatorsOnlyAreEscaped(text: String, expected: String) {
    #expect(String(decoding: JSONText.escapingLineSeparators(Array(text.utf8)), as: UTF8.self) == expected)
  }

  @Test func aValueWithoutAFormIsAnError() {
    let failure = #expect(throws: JSONFailure.self) { try JSONText.encode(["a": [1, Double.nan]]) }
    #expect(failure?.path == "a[1]")
  }

  @Test func decodingFailuresSayThePath() {
    struct Row: Decodable { let list: [Item] }
    struct Item: Decodable { let id: Int }
    let failure = #expect(throws: JSONFailure.self) {
      try JSONText.decode(Row.self, from: Array(#"{"list":[{"id":1},{"id":"x"}]}"#.utf8)[...])
    }
    #expect(failure?.path == "list[1].id")
    let missing = #expect(throws: JSONFailure.self) {
      try JSONText.decode(Row.self, from: Array(#"{"list":[{}]}"#.utf8)[...])
    }
    #expect(missing?.description == "line 1, byte 9, at list[0]: the key id is missing")
  }

  @Test func textThatIsNotJSONSaysThePlace() {
    let failure = #expect(throws: JSONFailure.self) {
      try JSONText.decode([Int].self, from: Array("[1,".utf8)[...])
    }
    #expect(failure?.offset == 3)
  }
}
