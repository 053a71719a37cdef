// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import Testing

struct JSONValueTests {
  @Test(arguments: [
    "[0e1]", "[0e+1]", "[1.0E-2]", "[-0.0]", "[123e65]", "[1e400]", "[\"\\u0000\"]", "[\"\\u005C\"]",
    "[\"\u{7F}\"]",
    "[\"\u{10FFFF}\"]", "[\"\\uDBFF\\uDFFF\"]", "[\"\u{FEFF}\"]", "{\"\":0}", "{\"a\":1,\"a\":2}",
    "{\"\\u0000\":0}", "[null , 1]",
    "\r\n\t 1\r\n\t ", "[[[[[]]]],{}]",
    "null", "true", " false ", "0", "-0", "1.5e10", "1E+2", "\"\"", "\"a\\u00e9\\n\\\"b\\/\"", "[]", "{}",
    "[1,[2,{}]]",
    "{\"a\":1,\"b\":[true,null]}", "\t[ 1 , 2 ]\r\n", "\"\\ud83d\\ude00\"",
    "\"caf\u{e9} \u{2028} \u{1F600}\"",
    String(repeating: "[", count: 512) + String(repeating: "]", count: 512),
  ])
  func acceptsWhatIsJSON(text: String) throws {
    _ = try JSONValue(parsing: Array(text.utf8))
  }

  @Test(arguments: [
    "", " ", "nul", "truee", "01", "-", "1.", ".5", "1e", "+1", "NaN", "Infinity", "'a'", "\"a", "\"\\x\"",
    "\"\\u12\"",
    "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "[", "[1,]", "[1 2]", "{", "{\"a\"}", "{\"a\":}",
    "{\"a\":1,}",
    "[,1]", "[1,,2]", "[\"a\" 1]", "[1,\n1\n,1", "[-01]", "[-2.]", "[0.e1]", "[0.3e+]", "[1eE2]", "[1+2]",
    "[0x1]",
    "[- 1]", "[1 000]", "[\u{FF11}]", "[-NaN]", "[nan]", "[True]", "[tru]", "[\"\\u00A\"]", "[\"\\U0041\"]",
    "[\"\\\"]",
    "[\"\\a\"]", "[\"\\x00\"]", "[\"new\nline\"]", "{\"a\":\"b\"}#", "{\"a\":\"b\"}/**/", "{\"a\":\"a\",,}",
    "{1:1}", "{\"a\"::1}",
    "{\"a\",1}", "{,}", "{null:null}", "{'a':0}", "[}", "{]", "]", "}", ",", "\"", "\u{2060}[]", "[\u{A0}]",
    "[\u{C}]",
    "\u{85}1", "1\0", "<null>", "[1]\u{FEFF}", "truetrue", "{}{}", "\\u0031",
    "{a:1}", "{\"a\":1 \"b\":2}", "[1]]", "1 2", "\"\t\"", "\"\u{0}\"", "\u{FEFF}{}", "//x",
    String(repeating: "[", count: 513) + String(repeating: "]", count: 513),
  ])
  func refusesWhatIsNot(text: String) {
    #expect(throws: JSONFailure.self) { try JSONValue(parsing: Array(text.utf8)) }
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC3, 0x28], [0xE2, 0x28, 0xA1],
      [0xFF],
    ] as [[UInt8]])
  func refusesWhatIsNotUTF8(bytes: [UInt8]) {
    for padding in 0..<9 {
      let text = [0x22] + [UInt8](repeating: 0x61, count: padding) + bytes + [0x22]
      #expect(throws: JSONFailure.self) { try JSONValue(parsing: text) }
    }
  }

  @Test func everyByteThatMustBeEscapedIsFoundAtEveryPlace() {
    for byte in (0..<0x20).map(UInt8.init) + [0x22, 0x5C] {
      for place in 0..<17 {
        var text = [UInt8](repeating: 0x7F, count: 18)
        text[place] = byte
        #expect(throws: JSONFailure.self) { try JSONValue(parsing: [0x22] + text + [0x22]) }
      }
    }
  }

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
      ("1e-400", nil, 0),
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
    (#"{"a":"\ud800","b":1}"#, []),
  ]

  @Test(arguments: damaged.indices)
  func whatADamagedObjectStillSays(index: Int) {
    let (text, keys) = Self.damaged[index]
    #expect(JSONValue.wholeMembers(of: Array(text.utf8)[...]).map(\.key) == keys)
  }

  @Test func readsFromASlice() throws {
    let bytes = Array("xx[1,2]yy".utf8)
    #expect(try JSONValue(parsing: bytes[2..<7])[1]?.int == 2)
  }
}
