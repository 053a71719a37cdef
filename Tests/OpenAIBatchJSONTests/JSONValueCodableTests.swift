// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import Testing

/// A value as a property of a type of a caller's own.
struct JSONValueCodableTests {
  private struct Holder: Codable {
    var name: String
    var extra: JSONValue
    var maybe: JSONValue?
  }

  static let values = [
    "null", "true", "false", "0", "-1", "9223372036854775807", "18446744073709551615", "0.5", "-1.5e300",
    #""""#, #""a\"b\\ü\u0000\u2028""#, "[]", "{}", #"[1,[2,{"a":null}],"x"]"#,
    #"{"a":{"b":[true,false,null]},"ü":"","c":1}"#,
  ]

  @Test(arguments: values)
  func comesOutOfOurDecoderAsItStands(json: String) throws {
    let text = Array(#"{"name":"n","extra": \#(json) ,"maybe":\#(json)}"#.utf8)
    let holder = try JSONText.decode(Holder.self, from: text[...])
    #expect(holder.extra.bytes == Array(json.utf8))
    #expect(holder.maybe?.bytes == (json == "null" ? nil : Array(json.utf8)))
  }

  @Test(arguments: values)
  func comesOutOfFoundationsDecoder(json: String) throws {
    let text = #"{"name":"n","extra":\#(json)}"#
    let holder = try JSONDecoder().decode(Holder.self, from: Data(text.utf8))
    #expect(try same(holder.extra, JSONValue(parsing: Array(json.utf8))))
  }

  @Test(arguments: values)
  func goesIntoAnyEncoder(json: String) throws {
    let value = try JSONValue(parsing: Array(json.utf8))
    let holder = Holder(name: "n", extra: value, maybe: nil)
    let ours = try JSONText.decode(Holder.self, from: JSONText.encode(holder)[...])
    #expect(try same(ours.extra, value))
    let foundations = try JSONDecoder().decode(Holder.self, from: JSONEncoder().encode(holder))
    #expect(try same(foundations.extra, value))
  }

  @Test func comesOutOfAPropertyList() throws {
    let list: [String: Any] = ["name": "n", "extra": ["flag": true, "count": 7, "text": "x", "list": [1.5]]]
    let data = try PropertyListSerialization.data(fromPropertyList: list, format: .binary, options: 0)
    let extra = try PropertyListDecoder().decode(Holder.self, from: data).extra
    #expect(extra["flag"]?.bool == true)
    #expect(extra["count"]?.int == 7)
    #expect(extra["list"]?[0]?.double == 1.5)
  }

  @Test func ofMembersWithOneNameTheFirstIsEncoded() throws {
    let value = try JSONValue(parsing: Array(#"{"a":1,"a":2}"#.utf8))
    #expect(String(decoding: try JSONText.encode(value), as: UTF8.self) == #"{"a":1}"#)
  }

  @Test func aNumberTooLargeForAnyTypeIsAnError() throws {
    let value = try JSONValue(parsing: Array(#"{"a":[1e999]}"#.utf8))
    let failure = #expect(throws: JSONFailure.self) { try JSONText.encode(value) }
    #expect(failure?.path == "a[0]")
  }

  /// Equal but for white space and the spelling of numbers.
  private func same(_ one: JSONValue, _ other: JSONValue) throws -> Bool {
    try JSONText.encode(one) == JSONText.encode(other)
  }
}
