// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import Testing

struct JSONValueTests {
  @Test func failuresSayWhere() {
    let failure = #expect(throws: JSONFailure.self) {
      try JSONValue(parsing: Array("{\n\"a\": 1,\n x}".utf8))
    }
    #expect(failure?.line == 3)
    #expect(failure?.offset == 11)
    #expect(failure?.description == "line 3, byte 11: expected a key in double quotes")
  }

  @Test func readsLazilyByPath() throws {
    let value = try JSONValue(
      parsing: Array(
        #"{"a":{"x":"}]\"","b\u0063":[10,{"c":-2.5}]},"n":null,"t":true,"big":9223372036854775808}"#.utf8))
    #expect(value.kind == .object)
    #expect(value["a"]?["x"]?.string == "}]\"")
    #expect(value["a"]?["bc"]?[0]?.int == 10)
    #expect(value["a"]?["bc"]?[1]?["c"]?.double == -2.5)
    #expect(value["a"]?["bc"]?[2] == nil)
    #expect(value["n"]?.isNull == true)
    #expect(value["t"]?.bool == true)
    #expect(value["big"]?.int == nil)
    #expect(value["big"]?.double == 9_223_372_036_854_775_808)
    #expect(value["missing"] == nil)
    #expect(value["t"]?["x"] == nil)
    #expect(value["a"]?.bytes.first == UInt8(ascii: "{"))
    #expect(value.members.map(\.key) == ["a", "n", "t", "big"])
    #expect(value["a"]?["bc"]?.elements.count == 2)
  }

  @Test(arguments: [
    (#""plain""#, "plain"), (#""\b\f\n\r\t\"\\\/""#, "\u{8}\u{c}\n\r\t\"\\/"),
    (#""\u0041\u00E9\u2028""#, "A\u{e9}\u{2028}"),
    (#""\ud83d\ude00!""#, "\u{1F600}!"), (#""\u0000""#, "\0"),
    // A surrogate without its partner is no character.
    (#""\ud83d""#, "\u{FFFD}"), (#""a\ude00b""#, "a\u{FFFD}b"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
    (#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}"), (#""\ud83d\n""#, "\u{FFFD}\n"),
    (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
  ])
  func unescapes(text: String, expected: String) throws {
    #expect(try JSONValue(parsing: Array(text.utf8)).string == expected)
  }

  @Test func aKeyThatStandsTwiceMeansItsFirstValue() throws {
    let value = try JSONValue(parsing: Array(#"{"a":1,"b":2,"\u0061":3}"#.utf8))
    #expect(value["a"]?.int == 1)
    #expect(value.members.map(\.key) == ["a", "b", "a"])
    #expect(value.members.map(\.value.int) == [1, 2, 3])
  }

  @Test func missesWithoutATrap() throws {
    let list = try JSONValue(parsing: Array("[1,2]".utf8))
    for index in [-1, 2, Int.min, Int.max] { #expect(list[index] == nil) }
    #expect(list["0"] == nil)
    #expect(list.string == nil)
    #expect(list.int == nil)
    #expect(list.double == nil)
    #expect(list.bool == nil)
    #expect(list.members.isEmpty)
    let text = try JSONValue(parsing: Array(#""[1]""#.utf8))
    #expect(text[0] == nil)
    #expect(text.elements.isEmpty)
  }

  @Test(
    arguments: [
      ("0", 0, 0.0), ("-0", 0, -0.0), ("9223372036854775807", .max, 0x1p63),
      ("-9223372036854775808", .min, -0x1p63),
      ("9223372036854775808", nil, 0x1p63),
      ("1.0", nil, 1), ("1e3", nil, 1000), ("0.1", nil, 0.1), ("5e-324", nil, .leastNonzeroMagnitude),
      ("1e-400", nil, 0), ("0.1e-9223372036854775808", nil, 0), ("10.01e9223372036854775807", nil, nil),
      ("-0.0e-9223372036854775808", nil, -0.0), ("18446744073709551616", nil, 0x1p64),
      ("184467440737095516160", nil, 0x1p64 * 10),
      ("0.00000000000000000000000001", nil, 1e-26), ("100000000000000000000000", nil, 1e23),
      ("1.7976931348623157e308", nil, .greatestFiniteMagnitude), ("1e400", nil, nil), ("-1e400", nil, nil),
      ("123456789012345678901234567890", nil, 123_456_789_012_345_677_877_719_597_056),
    ] as [(String, Int?, Double?)])
  func numbers(text: String, int: Int?, double: Double?) throws {
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(value.int == int)
    #expect(value.double == double)
  }

  static let damaged: [(text: String, keys: [String])] = [
    ("", []), ("[1]", []), ("{", []), (#"{"a""#, []), (#"{"a":"#, []), (#"{"a":1"#, []), (#"{"a":"x""#, []),
    (#"{"a":1,"#, ["a"]), (#"{"a":1 }"#, ["a"]), (#"{"a":1,"b":[1,2"#, ["a"]),
    (#"{"a":1,"b":[1,2],"c":tru"#, ["a", "b"]),
    (#" { "a" : { "x" : 1 } , "b\n" : "y" } trailing"#, ["a", "b\n"]), (#"{"a":1;"b":2}"#, []),
    (#"{"a":1,,"b":2}"#, ["a"]),
    (#"{"a":"\ud800","b":1"#, ["a"]), (#"{"a":"\ud80","b":1}"#, []),
  ]

  @Test(arguments: damaged.indices)
  func whatADamagedObjectStillSays(index: Int) {
    let (text, keys) = Self.damaged[index]
    #expect(JSONValue.wholeMembers(of: Array(text.utf8)[...]).map(\.key) == keys)
  }

  @Test func readsFromASlice() throws {
    let bytes = Array("xx[1,2]yy".utf8)
    let value = try JSONValue(parsing: bytes[2..<7])
    #expect(value[1]?.int == 2)
    #expect(value.range == 0..<5)
    #expect(value[1]?.range == 3..<4)
  }
}
