// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import Testing

struct JSONDecodingTests {
  static let texts = [
    "null", "true", "0", "-0", "1", "-1", "127", "128", "-129", "255", "256", "65536", "2147483648",
    "4294967296",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "170141183460469231731687303715884105727",
    "340282366920938463463374607431768211456", "1.0",
    "1.5", "-1.0", "1e3", "1E2", "1e-1", "10e-1", "1e18", "1e40", "0.1", "1e400", "-1e400",
    "1e39", "1e-46",
    "16777217", "0.3", "12345678901234567890.123456789", "1e200", "1e-200", #""""#, #""a""#,
    #""1""#, #""\u00e9\n""#,
    #""\ud800""#, #""aGk=""#, #""aGk""#, #""aG k=""#, #""http://a/b?c""#, "[]", "[1]", "[1,null]",
    #"["a"]"#, "[1.5]",
    "[[1]]", "{}", #"{"a":1}"#, #"{"a":1,"a":2}"#, #"{"1":2}"#, #"{"a":null}"#, #"{"\ud800":1}"#,
    #"{"a":"b"}"#,
    #""E621E1F8-C36C-495A-93FC-0C247A3E6E5F""#, #"[1,"a"]"#, "[0.1,1e-5,-3]", "[1e39]",
  ]

  /// Every kind of value as every type.
  @Test(arguments: texts)
  func decodesAsByFoundation(text: String) {
    compare(
      text, Bool.self, String.self, Int.self, Int8.self, Int16.self, Int32.self, Int64.self,
      Int128.self)
    compare(
      text, UInt.self, UInt8.self, UInt16.self, UInt32.self, UInt64.self, UInt128.self, Double.self,
      Float.self)
    compare(
      text, Decimal.self, Date.self, Data.self, URL.self, UUID.self, Int?.self, String?.self,
      Double?.self)
    compare(
      text, [Int].self, [Int?].self, [Double].self, [Float].self, [String].self, [[Int]].self,
      [UInt8].self)
    compare(
      text, [String: Int].self, [String: Int?].self, [String: String].self, [Int: Int].self,
      Set<Int>.self)
  }

  private func compare<each Value: Decodable & Equatable>(
    _ text: String, _ types: repeat (each Value).Type
  ) {
    func compare<One: Decodable & Equatable>(_ type: One.Type) {
      let theirs = try? JSONDecoder().decode(type, from: Data(text.utf8))
      #expect(
        (try? JSONText.decode(type, from: Array(text.utf8)[...])) == theirs, "\(type): \(text)")
    }
    repeat compare(each types)
  }

  /// Where we differ on purpose: integers are exact in every spelling.
  @Test func integersAreExact() throws {
    #expect(try decode(Int.self, "9223372036854775807.0") == .max)
    #expect(try decode(Int.self, "9.223372036854775807e18") == .max)
    #expect(try decode(UInt64.self, "1844674407370955161.5e1") == .max)
    #expect(throws: JSONFailure.self) { try decode(Int.self, "9223372036854775808.0") }
    #expect(throws: JSONFailure.self) { try decode(Int.self, "1e99999999999999999999") }
    #expect(try decode(Int.self, "0e99999999999999999999") == 0)
    #expect(try decode(Double.self, "0e1") == 0)
    // Foundation reads integers here, by way of a `Double`.
    #expect(throws: JSONFailure.self) { try decode(Int.self, "4180967124213246.01") }
    #expect(throws: JSONFailure.self) { try decode(Int.self, "1e-400") }
    #expect(throws: JSONFailure.self) { try decode(Double.self, "1e-400") }
  }

  static let failures: [(text: String, failure: String)] = [
    (
      #"{"rows":[{"id":1},{"id":"x"}]}"#,
      "line 1, byte 24, at rows[1].id: expected Int, found a string"
    ),
    ("{\"rows\":[\n{}]}", "line 2, byte 10, at rows[0]: the key id is missing"),
    (#"{"rows":[{"id":null}]}"#, "line 1, byte 15, at rows[0].id: expected Int, found null"),
    (
      #"{"rows":[{"id":1.5}]}"#,
      "line 1, byte 15, at rows[0].id: the number 1.5 does not fit in Int"
    ),
    (
      #"{"rows":[{"id":1,"name":"\ud83d"}]}"#,
      "line 1, byte 24, at rows[0].name: the text has a surrogate without its partner"
    ),
    (
      #"{"rows":[{"id":1,"\ud83d":0}]}"#,
      "line 1, byte 9, at rows[0]: a key has a surrogate without its partner"
    ),
    (#"{"rows":7}"#, "line 1, byte 8, at rows: expected Array<Any>, found a number"),
    (#"[]"#, "line 1, byte 0: expected Dictionary<String, Any>, found an array"),
    (#"{"rows":[}"#, "line 1, byte 9: expected a value"),
    (
      #"{"rows":[{"id":1,"kind":"c"}]}"#,
      "line 1, byte 24, at rows[0].kind: Cannot initialize Kind from invalid String value c"
    ),
  ]

  @Test(arguments: failures.indices)
  func failuresSayWhere(index: Int) {
    enum Kind: String, Decodable { case a, b }
    struct Row: Decodable {
      let id: Int
      let name: String?
      let kind: Kind?
    }
    struct Table: Decodable { let rows: [Row] }
    let (text, expected) = Self.failures[index]
    let failure = #expect(throws: JSONFailure.self) { try decode(Table.self, text) }
    #expect(failure?.description == expected)
  }

  @Test func aPartOfATextFailsWithItsPlaceInTheWhole() throws {
    let value = try JSONValue(parsing: Array(#"{"a":{"b":[1,"x"]}}"#.utf8))
    let failure = #expect(throws: JSONFailure.self) {
      try value["a"]?.decode(as: [String: [Int]].self)
    }
    #expect(failure?.description == "line 1, byte 13, at b[1]: expected Int, found a string")
  }

  @Test func ofMembersWithOneNameTheFirstCounts() throws {
    struct Pair: Decodable { let a: Int, b: Int }
    let pair = try decode(Pair.self, #"{"b":1,"a":2,"b":3,"\u0061":4,"a":5}"#)
    #expect((pair.a, pair.b) == (2, 1))
    #expect(try decode([String: Int].self, #"{"b":1,"a":2,"b":3}"#) == ["b": 1, "a": 2])
  }

  @Test func largeObjectsAreReadByName() throws {
    let names = (0..<5000).map { "key\($0)" }
    let text = "{" + names.map { "\"\($0)\":\"\($0)\"" }.joined(separator: ",") + "}"
    #expect(
      try decode([String: String].self, text)
        == Dictionary(uniqueKeysWithValues: names.map { ($0, $0) }))
    #expect(
      try decode(AnyJSON.self, text)
        == .object(Dictionary(uniqueKeysWithValues: names.map { ($0, .string($0)) })))
  }

  /// The containers that synthesized conformances do not use.
  @Test func nestedContainersAndSuperDecoders() throws {
    struct Odd: Decodable {
      var seen: [String] = []
      init(from decoder: any Decoder) throws {
        let top = try decoder.container(keyedBy: AnyJSON.Key.self)
        let inner = try top.nestedContainer(
          keyedBy: AnyJSON.Key.self, forKey: .init(stringValue: "o"))
        seen.append("\(try inner.decode(Int.self, forKey: .init(stringValue: "x")))")
        var list = try top.nestedUnkeyedContainer(forKey: .init(stringValue: "l"))
        seen.append("\(list.count ?? -1)")
        seen.append("\(try list.decodeNil()) \(list.currentIndex)")
        seen.append("\((try? list.decode(String.self)) ?? "-") \(list.currentIndex)")
        seen.append("\(try list.decode(Int.self)) \(list.currentIndex)")
        seen.append("\(try list.nestedUnkeyedContainer().count ?? -1)")
        seen.append(
          "\(try list.nestedContainer(keyedBy: AnyJSON.Key.self).allKeys.map(\.stringValue))")
        seen.append(
          "\(try list.superDecoder().singleValueContainer().decode(Bool.self)) \(list.isAtEnd)")
        let path = #expect(throws: DecodingError.self) { try list.decode(Int.self) }
        if case .valueNotFound(_, let context) = path {
          seen.append(context.codingPath.map(\.stringValue).joined(separator: "/"))
        }
        seen.append("\(try top.superDecoder().singleValueContainer().decode(Int.self))")
        let key = AnyJSON.Key(stringValue: "o")
        seen.append("\(try top.superDecoder(forKey: key).codingPath.map(\.stringValue))")
        seen.append("\(top.contains(key)) \(try top.decodeNil(forKey: key)) \(top.allKeys.count)")
      }
    }
    let odd = try decode(
      Odd.self, #"{"o":{"x":1},"l":[null,7,[1,2],{"k":0},true],"super":9,"o":2}"#)
    #expect(
      odd.seen == [
        "1", "5", "true 1", "- 1", "7 2", "2", #"["k"]"#, "true true", "l/Index 5", "9", #"["o"]"#,
        "true false 3",
      ])
  }

  /// A list that notes where it stands whenever an element does not fit, in whatever order it asks.
  @Test func pathsWhereTheContainersAreAskedForInBetween() throws {
    struct Lenient: Decodable {
      var seen: [String] = []
      init(from decoder: any Decoder) throws {
        var rows = try decoder.container(keyedBy: AnyJSON.Key.self)
          .nestedUnkeyedContainer(forKey: .init(stringValue: "rows"))
        while !rows.isAtEnd {
          var row = try rows.nestedUnkeyedContainer()
          while !row.isAtEnd {
            do {
              _ = try row.decode(Int.self)
            } catch DecodingError.typeMismatch(_, let context) {
              seen.append(Self.text(context.codingPath) + " of " + Self.text(row.codingPath))
              _ = try row.decode(String.self)
            }
          }
          seen.append(Self.text(rows.codingPath))
        }
      }
      private static func text(_ path: [any CodingKey]) -> String {
        path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: "/")
      }
    }
    #expect(
      try decode(Lenient.self, #"{"x":[],"rows":[["a",1,"b"],[],[2,"c","d"]]}"#).seen == [
        "rows/0/0 of rows/0", "rows/0/2 of rows/0", "rows", "rows", "rows/2/1 of rows/2",
        "rows/2/2 of rows/2", "rows",
      ])
  }

  private func decode<Value: Decodable>(
    _ type: Value.Type, _ text: String, _ decoding: JSONDecoding = JSONDecoding()
  ) throws(JSONFailure) -> Value {
    try JSONText.decode(type, from: Array(text.utf8)[...], decoding)
  }
}

// MARK: Choices

extension JSONDecodingTests {
  struct Event: Decodable, Equatable {
    let inputFileId: String
    let at: Date
    let raw: Data
    let labels: [String: Int]
  }

  @Test(arguments: [
    ("", ""), ("a", "a"), ("input_file_id", "inputFileId"), ("_private_key", "_privateKey"),
    ("trailing_", "trailing_"),
    ("__a_b__", "__aB__"), ("already_Upper_CASE", "alreadyUpperCase"), ("inputID", "inputID"),
    ("_", "_"), ("a__b", "aB"),
    ("url_4_you", "url4You"), ("gpt_4o", "gpt4O"), ("cached_5m_tokens", "cached5MTokens"), ("a_b1c", "aB1C"),
    ("a_b-c", "aB-C"), ("a_b.c", "aB.C"), ("a_b c", "aB C"), ("a_ßx", "aSsx"), ("a_😀b", "a😀B"),
  ])
  func snakeCaseIsReadAsByFoundation(name: String, key: String) throws {
    let text = "{\"\(name)\":{\"keep_me\":1}}"
    var decoding = JSONDecoding()
    decoding.keys = .fromSnakeCase
    let foundation = JSONDecoder()
    foundation.keyDecodingStrategy = .convertFromSnakeCase
    struct Names: Decodable, Equatable {
      let names: [String]
      let values: [[String: Int]]
      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyJSON.Key.self)
        names = container.allKeys.map(\.stringValue)
        values = try container.allKeys.map { try container.decode([String: Int].self, forKey: $0) }
      }
    }
    let ours = try decode(Names.self, text, decoding)
    #expect(ours.names == [key])
    #expect(ours.values == [["keep_me": 1]])
    #expect(try foundation.decode(Names.self, from: Data(text.utf8)) == ours)
  }

  /// Composed and decomposed characters make different names, in JSON as in RFC 8259, though not in Swift.
  @Test func allKeysAreThoseThatAreWritten() throws {
    struct Names: Decodable {
      let names: [[UInt8]]
      init(from decoder: any Decoder) throws {
        names = try decoder.container(keyedBy: AnyJSON.Key.self).allKeys.map { Array($0.stringValue.utf8) }
      }
    }
    let names = try decode(Names.self, "{\"e\u{301}\":1,\"\u{E9}\":2,\"a\":3,\"a\":4}", JSONDecoding()).names
    #expect(names == [Array("e\u{301}".utf8), Array("\u{E9}".utf8), Array("a".utf8)])
  }

  struct WithDictionary: Decodable {
    let list: [String: Int]
  }

  /// The keys of dictionaries stay as they are, in errors too.
  @Test(arguments: [
    (#"{"aB":1,"a_b":"x"}"#, "a_b", 14), (#"{"a_b":"x","aB":1}"#, "a_b", 7),
    (#"{"list":{"aB":1,"x_y":"s"}}"#, "list.x_y", 22),
  ])
  func errorsInDictionariesSayWhere(text: String, path: String, offset: Int) {
    var decoding = JSONDecoding()
    decoding.keys = .fromSnakeCase
    let failure = #expect(throws: JSONFailure.self) {
      if text.contains("list") {
        _ = try decode(WithDictionary.self, text, decoding)
      } else {
        _ = try decode([String: Int].self, text, decoding)
      }
    }
    #expect(failure?.path == path)
    #expect(failure?.offset == offset)
  }

  @Test func anErrorIsAtTheNameWithTheSameBytes() {
    struct Composed: Decodable {
      let e: Int
      enum CodingKeys: String, CodingKey { case e = "\u{E9}" }
    }
    let failure = #expect(throws: JSONFailure.self) {
      try decode(Composed.self, "{\"e\u{301}\":1,\"\u{E9}\":\"x\"}")
    }
    #expect(failure?.offset == 14)
  }

  @Test func datesDataAndNamesByChoice() throws {
    let text = #"{"input_file_id":"f","at":1500,"raw":"aGk=","labels":{"snake_case":1}}"#
    var decoding = JSONDecoding()
    decoding.keys = .fromSnakeCase
    decoding.dates = .secondsSince1970
    let event = try decode(Event.self, text, decoding)
    #expect(event.inputFileId == "f")
    #expect(event.at == Date(timeIntervalSince1970: 1500))
    #expect(event.raw == Data("hi".utf8))
    #expect(event.labels == ["snake_case": 1])
    decoding.dates = .millisecondsSince1970
    #expect(try decode(Event.self, text, decoding).at == Date(timeIntervalSince1970: 1.5))
    decoding.dates = .custom {
      Date(timeIntervalSince1970: try $0.singleValueContainer().decode(Double.self) * 60)
    }
    #expect(try decode(Event.self, text, decoding).at == Date(timeIntervalSince1970: 90_000))
    decoding.keys = .custom { $0 == "input_file_id" ? "inputFileId" : $0 }
    decoding.data = .custom { Data(try $0.singleValueContainer().decode(String.self).utf8) }
    #expect(try decode(Event.self, text, decoding).raw == Data("aGk=".utf8))
    decoding.data = .deferredToData
    #expect(try decode([Data].self, "[[104,105]]", decoding) == [Data("hi".utf8)])
    let failure = #expect(throws: JSONFailure.self) { try decode(Event.self, text, decoding) }
    #expect(failure?.path == "raw")
  }

  @Test(arguments: [
    "2026-11-22T01:02:03Z", "2026-11-22T01:02:03+01:00", "2026-11-22T01:02:03.5Z", "2026-11-22", "",
    "yesterday",
  ])
  func isoDatesAreReadAsByFoundation(text: String) {
    var decoding = JSONDecoding()
    decoding.dates = .iso8601
    let foundation = JSONDecoder()
    foundation.dateDecodingStrategy = .iso8601
    let json = "[\"\(text)\"]"
    let theirs = try? foundation.decode([Date].self, from: Data(json.utf8))
    #expect((try? decode([Date].self, json, decoding)) == theirs)
  }

  @Test func userInfoReachesTheType() throws {
    struct Asking: Decodable {
      let answer: Int?
      init(from decoder: any Decoder) { answer = decoder.userInfo.values.first as? Int }
    }
    var decoding = JSONDecoding()
    decoding.userInfo = try [#require(CodingUserInfoKey(rawValue: "answer")): 42]
    #expect(try decode(Asking.self, "0", decoding).answer == 42)
  }

  /// In small objects, which are walked, as in large ones, which are indexed.
  @Test(arguments: [0, 100])
  func namesAreComparedByteByByte(others: Int) throws {
    struct Composed: Decodable {
      let e: Int?
      enum CodingKeys: String, CodingKey { case e = "\u{e9}" }
    }
    let members = (0..<others).map { ",\"k\($0)\":0" }.joined()
    #expect(try decode(Composed.self, "{\"e\u{301}\":1,\"\u{e9}\":2\(members)}").e == 2)
    #expect(try decode(Composed.self, "{\"e\u{301}\":1\(members)}").e == nil)
  }

  /// A walk goes on where the last one ended: forwards, backwards and in leaps.
  @Test func pathsAreRightInAnyOrder() throws {
    struct Places: Decodable {
      var found: [(decoder: any Decoder, path: String)] = []

      init(from decoder: any Decoder) throws { try add(decoder, "") }

      private mutating func add(_ decoder: any Decoder, _ path: String) throws {
        found.append((decoder, path))
        if let object = try? decoder.container(keyedBy: AnyJSON.Key.self) {
          for key in object.allKeys {
            try add(object.superDecoder(forKey: key), path + "." + key.stringValue)
          }
        } else if var array = try? decoder.unkeyedContainer() {
          while !array.isAtEnd {
            let index = array.currentIndex
            try add(array.superDecoder(), path + ".Index \(index)")
          }
        }
      }
    }
    func path(_ decoder: any Decoder) -> String {
      decoder.codingPath.map { "." + $0.stringValue }.joined()
    }
    let text = #"{"a":[1,[2,{"b":null}],[],{"c":{},"d":[3,"x"]}],"e":{"f":{"g":[[[4]]]}},"h":5}"#
    let places = try decode(Places.self, text).found
    #expect(places.count == 20)
    for place in places + places.reversed() { #expect(path(place.decoder) == place.path) }
    for one in places {
      for other in places {
        #expect(path(one.decoder) == one.path)
        #expect(path(other.decoder) == other.path)
      }
    }
  }
}
