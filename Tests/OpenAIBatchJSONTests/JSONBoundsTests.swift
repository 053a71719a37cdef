// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import Testing

/// The scanner looks at 16 and 32 bytes at a time, and never at the length: nothing behind a text's end may count, and
/// nothing in front of it may be overlooked, wherever the end falls.
struct JSONBoundsTests {
  /// Of every kind of value, with every kind of string.
  static let rich =
    #"{"id":"b_1","n":null,"t":true,"f":false,"zero":0,"i":-12,"d":1.5,"e":-1.25e+10,"\u006bey":"\"\\\/\b\f\n\r\t","#
    + #""uni":"\u00e9\ud83d\ude00 é漢😀","long":"0123456789abcdef0123456789abcdef0123456789","#
    + #""list":[ [], {} , [1,[2,"x"]] , "" ] , "o" : { "a" : { "b" : [ true ] } } ,"last":"\ud83d"}"#

  /// Values at every distance from the start, with every amount of space behind them.
  @Test(arguments: [
    "1", "-1", "0", "12.5", "1e5", "true", "false", "null", "\"\"", "[]", "{}", "[1]", "{\"a\":\"b\"}",
  ])
  func aValueEndsAnywhere(text: String) {
    for lead in 0...40 {
      for rest in [0, 1, 15, 16, 17, 40] {
        let space = [UInt8](repeating: 0x20, count: lead)
        expectTaken(space + text.utf8 + [UInt8](repeating: rest.isMultiple(of: 2) ? 0x20 : 0x0A, count: rest))
      }
    }
  }

  /// Strings of every length at every distance, plain and with something in them that ends a run.
  @Test(arguments: ["", "\\n", "\\u00e9", "é", "漢", "😀", "\\ud83d\\ude00", "\\ud83d"])
  func aStringEndsAnywhere(special: String) {
    for lead in [0, 1, 15] {
      for length in 0...70 {
        let space = [UInt8](repeating: 0x0A, count: lead)
        let run = [UInt8](repeating: 0x61, count: length)
        expectTaken(space + [0x22] + run + special.utf8 + [0x22])
        expectTaken(space + [0x22] + special.utf8 + run + [0x22])
        expectRefused(space + [0x22] + run + special.utf8)
        expectRefused(space + [0x22] + special.utf8 + run)
      }
    }
  }

  @Test(arguments: [
    "-", "1.", "-0.", "1e", "1E+", "1e-", "t", "tr", "tru", "f", "fa", "fal", "fals", "n", "nu", "nul", "\"",
    "[", "{",
    "[1", "[1,", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "[\"", "[tru", "[-", "\"\\", "\"\\u",
    "\"\\u1",
    "\"\\u12", "\"\\u123", "\"\\u1234", "\"\\ud83d\\", "\"\\ud83d\\u", "\"\\ud83d\\ude0", "\"\\ud83d\\ude00",
  ])
  func whatIsCutIsRefusedAnywhere(text: String) {
    for lead in 0...40 { expectRefused([UInt8](repeating: 0x20, count: lead) + text.utf8) }
    guard text.hasPrefix("\"") else { return }
    for length in 0...70 {
      expectRefused([0x22] + [UInt8](repeating: 0x61, count: length) + text.utf8.dropFirst())
    }
  }

  @Test func aTextThatIsCutAtAnyByteIsRefused() throws {
    let bytes = Array(Self.rich.utf8)
    expectTaken(bytes)
    let members = JSONValue.wholeMembers(of: bytes[...])
    #expect(members.map(\.value.bytes) == (try JSONValue(parsing: bytes).members.map(\.value.bytes)))
    for end in bytes.indices {
      expectRefused(Array(bytes[..<end]))
      // What follows in memory would make it whole: a slice, and the space that scanned the whole text before.
      #expect(throws: JSONFailure.self) { try JSONValue(parsing: bytes[..<end]) }
      #expect(throws: JSONFailure.self) { try JSONLine(bytes[..<end], number: 1).parse() }
      #expect(throws: JSONFailure.self) { try JSONText.decode(AnyJSON.self, from: bytes[..<end]) }
      let left = JSONValue.wholeMembers(of: bytes[..<end])
      #expect(left.map(\.key) == members.prefix(left.count).map(\.key))
      #expect(left.map(\.value.bytes) == members.prefix(left.count).map(\.value.bytes))
      #expect(left.count >= members.prefix { $0.value.range.upperBound < end }.count - 1)
    }
  }

  @Test func aZeroIsRefusedAnywhere() {
    let bytes = Array(Self.rich.utf8)
    for place in bytes.indices {
      expectRefused(bytes[..<place] + [0] + bytes[place...])
      expectRefused(bytes[..<place] + [0] + bytes[(place + 1)...])
    }
    for count in 1...33 { expectRefused(bytes + [UInt8](repeating: 0, count: count)) }
  }

  /// Every byte that cannot stand in a string, at every place of one, with the place in the failure.
  @Test(arguments: Array(0..<0x20) + [0x80, 0xBF, 0xC0, 0xC1, 0xF5, 0xFF])
  func aByteThatNoStringHasIsFoundAnywhere(byte: UInt8) {
    for place in 0..<70 {
      var text = [UInt8](repeating: 0x61, count: 70)
      text[place] = byte
      let failure = expectRefused([0x22] + text + [0x22])
      #expect(failure?.offset == place + 1)
      expectRefused([0x22] + text[...place])
    }
  }

  @Test(arguments: ["é", "漢", "😀", "\u{7FF}", "\u{800}", "\u{FFFF}", "\u{10FFFF}"])
  func aCharacterThatIsCutIsRefusedAnywhere(character: String) {
    let bytes = Array(character.utf8)
    for length in 0...70 {
      let text = [0x22] + [UInt8](repeating: 0x61, count: length)
      for kept in 1..<bytes.count {
        expectRefused(text + bytes[..<kept])
        expectRefused(text + bytes[..<kept] + [0x22])
        expectRefused(text + bytes[kept...] + [0x22])
        expectRefused(text + bytes[..<kept] + bytes[..<kept] + [0x22])
        #expect(JSONValue.wholeMembers(of: [0x7B] + text + bytes[..<kept]).isEmpty)
      }
    }
  }

  /// Names of every length that a look at two words compares, and others that differ from them in one byte.
  @Test func namesAreToldApartAtEveryByte() throws {
    for length in 0...40 {
      let name = [UInt8](repeating: 0x61, count: length)
      let value = try JSONValue(parsing: [0x7B, 0x22] + name + [0x22, 0x3A, 0x31, 0x7D])
      #expect(value[String(decoding: name, as: UTF8.self)]?.int == 1)
      #expect(value[String(decoding: name + [0x61], as: UTF8.self)] == nil)
      for place in name.indices {
        var other = name
        other[place] = 0x62
        #expect(value[String(decoding: other, as: UTF8.self)] == nil)
        #expect(try value.decode(as: [String: Int].self)[String(decoding: other, as: UTF8.self)] == nil)
      }
    }
  }

  /// The space for scanning is shared: texts of all lengths at the same time must not see each other.
  @Test func textsThatAreReadAtTheSameTimeDoNotMix() async {
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<20 {
        group.addTask {
          for round in 0..<20 {
            let length = (task * 7919 + round * 104_729) % (round == 0 ? 100_000 : 1000)
            let text = [UInt8](repeating: UInt8(97 + task), count: length)
            let name = String(decoding: text, as: UTF8.self)
            let bytes = Array("[\(task),{\"".utf8) + text + "\":[\(round)]}]".utf8
            guard let value = try? JSONValue(parsing: bytes), value[0]?.int == task, value.bytes == bytes,
              value[1]?[name]?[0]?.int == round, value[1]?.members.map(\.key) == [name],
              (try? JSONValue(parsing: bytes.dropLast())) == nil
            else { return false }
          }
          return true
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  private func expectTaken(_ bytes: [UInt8], at location: SourceLocation = #_sourceLocation) {
    guard let value = try? JSONValue(parsing: bytes), let plain = PlainJSON(bytes) else {
      Issue.record(
        "refused: \(String(decoding: bytes, as: UTF8.self).debugDescription)", sourceLocation: location)
      return
    }
    let disagreement = plain.disagreement(with: value)
    #expect(disagreement == nil, sourceLocation: location)
    expectTheSameOfALine(bytes, location)
  }

  @discardableResult
  private func expectRefused(
    _ bytes: some Sequence<UInt8>, at location: SourceLocation = #_sourceLocation
  ) -> JSONFailure? {
    let bytes = Array(bytes)
    expectTheSameOfALine(bytes, location)
    // Leaves in the shared space what would end the text, if it were read.
    _ = try? JSONValue(parsing: Self.ending)
    do throws(JSONFailure) {
      let value = try JSONValue(parsing: bytes)
      Issue.record(
        "taken: \(String(decoding: value.bytes, as: UTF8.self).debugDescription)", sourceLocation: location)
      return nil
    } catch {
      if error.offset.map({ 0...bytes.count ~= $0 }) != true {
        Issue.record("a failure without a place: \(error)", sourceLocation: location)
      }
      return error
    }
  }

  /// A line is scanned where it stands, with its end and what follows behind it, which might make it whole.
  private func expectTheSameOfALine(_ bytes: [UInt8], _ location: SourceLocation) {
    guard !bytes.contains(0x0A), bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else {
      return
    }
    func verdict(_ parse: () throws(JSONFailure) -> JSONValue) -> String {
      do throws(JSONFailure) { return try parse().bytes.description } catch { return "\(error)" }
    }
    let expected = verdict { () throws(JSONFailure) in try JSONValue(parsing: bytes) }
    for lineEnd in bytes.last == 0x0D ? [[0x0A]] : [[0x0A], [0x0D, 0x0A]] as [[UInt8]] {
      // With less behind it than the scanner may look at, a line is copied.
      for behind in [31, 32, 33, Self.ending.count] {
        var splitter = JSONLineSplitter()
        // Storage that ends with the chunk, so that a sanitizer sees a look too far.
        splitter.append((bytes + lineEnd + Self.ending.prefix(behind))[...])
        guard let line = splitter.next() else {
          Issue.record("no line: \(bytes)", sourceLocation: location)
          continue
        }
        let found = verdict(line.parse)
        // A carriage return at the end is the line's.
        if line.bytes.elementsEqual(bytes) { #expect(found == expected, sourceLocation: location) }
        if let value = try? line.parse() {
          let disagreement =
            PlainJSON(Array(line.bytes)).map { $0.disagreement(with: value) } ?? "it is not JSON"
          #expect(disagreement == nil, sourceLocation: location)
        }
      }
    }
  }

  private static let ending = Array(("[\"" + String(repeating: "]}", count: 150) + "\"]").utf8)
}
