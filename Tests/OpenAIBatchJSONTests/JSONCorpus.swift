// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Texts by what RFC 8259 says of them, in the manner of JSONTestSuite.
enum JSONCorpus {
  /// Every reader must take these.
  static let valid: [String] =
    [
      "[]", "{}", "null", "true", "false", "0", "-0", "1", "-1", "\"\"", "\"a\"", " [] ", "\t[]\r\n",
      "[null]",
      "[1,2,3]", "[[]]", "[{}]", "[[[[]]],{}]", "{\"a\":1}", "{\"\":0}", "{\"a\":{\"b\":{}}}", "{\"a\":[]}",
      "{ \"a\" : 1 , \"b\" : 2 }", "[ 1 , 2 ]", "[1\n,2\r,\t3]", "{\"a\":\"b\",\"a\":\"c\"}",
      "{\"a\":1,\"\\u0061\":2}", "{\"\\u0000\":0}", "[0e1]", "[0e+1]", "[0E-1]", "[1e2]", "[1E+2]",
      "[1.0E-2]",
      "[-0.0]", "[-1.5]", "[123456789012345678]", "[9223372036854775807]", "[-9223372036854775808]",
      "[18446744073709551615]", "[0.1]", "[1.7976931348623157e308]", "[2.2250738585072014e-308]", "[5e-324]",
      "[123.456e78]", "[20e1]", "[123e65]", "[1000000000000000000000]", "[0.4e-5]",
      "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]",
      "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\u0041\\u00e9\\u2028\\uFFFF\"]", "[\"\\ud83d\\ude00\"]",
      "[\"\\uDBFF\\uDFFF\"]", "[\"\\uD834\\uDD1E clef\"]", "[\"\u{7F}\"]", "[\"\u{80}\u{7FF}\u{800}\"]",
      "[\"\u{D7FF}\u{E000}\u{FFFF}\"]", "[\"\u{10000}\u{10FFFF}\"]", "[\"\u{2028}\u{2029}\u{85}\"]",
      "[\"\u{FEFF}\"]",
      "[\"a/*b*/c\"]", "[\"\\\\u0061\"]", "[\"\\u005C\\u0022\"]", "[\"\\u0000\"]", "\"caf\u{e9} \u{1F600}\"",
      "{\"\u{6771}\u{4EAC}\":\"\u{1F600}\"}", "[\"0123456789abcde\"]", "[\"0123456789abcdef\"]",
      "[\"0123456789abcdefg\"]", "[\"0123456789abcd\\n\"]", "[\"0123456789abcde\u{e9}\"]",
      "[true,false,null]",
      "[\"" + String(repeating: "x", count: 100) + "\"]", "[" + String(repeating: " ", count: 100) + "]",
    ] + [1, 100, 511].map { nested($0) } + [nested(512)]

  /// No reader may take these.
  static let invalid: [String] =
    [
      "", " ", "\n", "n", "nul", "nulll", "tru", "truee", "True", "fals", "NULL", "NaN", "nan", "-NaN",
      "Infinity",
      "-Infinity", "inf", "undefined", "+1", "01", "-01", "00", "-", "--1", "-x", "1.", "-2.", ".5", "-.5",
      "1e",
      "1e+", "0.e1", "0.3e", "1eE2", "1+2", "0x1", "1 000", "1_000", "1,5", "[\u{FF11}]", "1a", "1.2.3",
      "1e1.5",
      "'a'", "\"", "\"a", "\"\\", "\"\\\"", "\"\\x\"", "\"\\a\"", "\"\\U0041\"", "\"\\u\"", "\"\\u1\"",
      "\"\\u12\"",
      "\"\\u123\"", "\"\\u123g\"", "\"\\u 123\"", "\"\\ud83d\\u12\"", "\"\\0\"", "\"\\\u{e9}\"", "\"\t\"",
      "\"\n\"",
      "\"\u{0}\"", "\"\u{1F}\"", "\"0123456789abcdef\n\"", "a", "\\u0031", "[", "]", "[1", "[1,", "[1 2]",
      "[,1]",
      "[1,,2]", "[\"a\" 1]", "[\"a\":1]", "[1}", "[}", "[[]", "[]]", "[1]]", "[,]", "[\"a\",\n4\n,1,",
      "[- 1]",
      "{", "}", "{\"a\"", "{\"a\"}", "{\"a\":", "{\"a\":}", "{\"a\":1", "{\"a\":1]", "{]", "{,}", "{:1}",
      "{1:1}",
      "{a:1}", "{'a':0}", "{null:null}", "{\"a\"::1}", "{\"a\",1}", "{\"a\":1 \"b\":2}", "{\"a\":1,,\"b\":2}",
      "{\"a\":1,\"b\"}", "{\"a\":1}}", "{\"a\" 1}", "{\"a\":a}", "{}{}", "[]{}", "1 2", "truetrue", "null,",
      ",",
      ":", "#", "//x", "[1]//x", "[1]/**/", "{\"a\":\"b\"}#", "<null>", "<.>", "[\u{A0}]", "[\u{C}]",
      "[\u{B}1]",
      "\u{2060}[]", "\u{85}1", "[1]\u{FEFF}", "\u{2028}1", "*", "[*]", "[1:2]", "[true false]", "{\"a\":tru}",
      "[fals]", "[\"a", "[\"\\ud800", "{\"\\ud800", "abc", "[\"a\",", "{\"a\":\"b\",", "\"\\uD83D\\",
    ] + [nested(513), String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000)]

  /// Readers differ in these; what we do is the word before.
  static let implementationDefined: [(isTaken: Bool, text: String)] = [
    // The grammar has no bounds for numbers; a value is lost only when one is asked for that cannot hold it.
    (true, "[1e400]"), (true, "[-1e400]"), (true, "[1e-400]"), (true, "[1e9999999999999999999999]"),
    (true, "[-237462374673276894279832749832423479823246327846]"), (true, "[0.4e00669999999999999]"),
    (true, "[0.1e-9223372036854775808]"), (true, "[-0.01e9223372036854775807]"),
    // Nor does it ask for pairs of surrogates: the text reads with U+FFFD, a `Decodable` type gets an error.
    (true, "[\"\\ud800\"]"), (true, "[\"\\udc00\"]"), (true, "[\"\\ud800\\ud800\"]"),
    (true, "[\"\\ud800\\n\"]"),
    (true, "[\"\\udfaa\\ud834\"]"), (true, "[\"\\ud83d\\u0041\"]"), (true, "{\"\\ud800\":1}"),
    // A byte order mark is not JSON, and other encodings are none of RFC 8259.
    (false, "\u{FEFF}[]"), (false, "[\0]\0"), (false, "\0[\0]"), (false, "1\0"),
    // Foundation takes these, the grammar does not.
    (false, "[1,]"), (false, "{\"a\":1,}"), (false, "[1 , ]"),
  ]

  /// Bytes that are not UTF-8, to be put into a string.
  static let notUTF8: [[UInt8]] = [
    [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xC3, 0xC3], [0xE0, 0x80, 0x80],
    [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xED, 0xA0, 0x80],
    [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98],
    [0xF0, 0x9F, 0x98, 0x28], [0xF0, 0x28, 0x98, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
    [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC], [0xFE], [0xFF],
  ]

  private static func nested(_ depth: Int) -> String {
    String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
  }
}
