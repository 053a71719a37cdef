// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Testing

@testable import openai_batch

@Suite struct CSVReaderTests {
  private func records(
    _ bytes: [UInt8], by length: Int = 1 << 20
  ) throws -> [TableRecord] {
    var reader = CSVReader()
    var records: [TableRecord] = []
    for start in stride(from: 0, to: bytes.count, by: length) {
      try reader.append(bytes[start..<min(start + length, bytes.count)])
      while let record = reader.next() { records.append(record) }
    }
    try reader.finish()
    while let record = reader.next() { records.append(record) }
    return records
  }

  @Test(
    arguments: [
      ("", []), ("\n\r\n\n", []), ("a", [["a"]]), ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
      ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]), (",\n,,", [["", ""], ["", "", ""]]), ("a,\n", [["a", ""]]),
      ("\"a\"\n", [["a"]]), ("\"\"\n", [[""]]), ("\"\",\"\"", [["", ""]]),
      ("\"a,b\",c", [["a,b", "c"]]), ("\"say \"\"hi\"\"\",x", [["say \"hi\"", "x"]]), ("\"\"\"\"", [["\""]]),
      ("\"one\ntwo\r\nthree\",x\ny,z", [["one\ntwo\r\nthree", "x"], ["y", "z"]]),
      ("a\n\nb\r\n\r\nc", [["a"], ["b"], ["c"]]), ("a \"b\" c,d", [["a \"b\" c", "d"]]),
      (" \"a\"", [[" \"a\""]]),
      ("a\rb,c\n", [["a\rb", "c"]]), ("a\r\r\nb", [["a\r"], ["b"]]), ("\r\rx\n", [["\r\rx"]]),
      ("ü,灯台,\u{2028}\u{85}\n", [["ü", "灯台", "\u{2028}\u{85}"]]), ("a\tb,c", [["a\tb", "c"]]),
    ] as [(String, [[String]])])
  func readsRecords(text: String, expected: [[String]]) throws {
    for length in [1, 2, 3, 1000] {
      #expect(try records(Array(text.utf8), by: length).map(\.fields) == expected, "pieces of \(length)")
    }
  }

  @Test func saysWhereARecordBegins() throws {
    let text = "id,text\n\n1,\"two\nlines\"\n2,x\n"
    #expect(try records(Array(text.utf8)).map(\.line) == [1, 3, 5])
  }

  @Test(arguments: [
    ("a\n\"b\nc\nd", 2, "never closed"), ("\"a\"b", 1, "behind the closing quote"),
    ("a\n\"b\" ,c", 2, "behind"),
    ("\"a\"\rb", 1, "behind the closing quote"),
  ])
  func refusesBrokenQuotes(text: String, line: Int, words: String) {
    for length in [1, 1000] {
      let failure = #expect(throws: TableFailure.self) { try records(Array(text.utf8), by: length) }
      #expect(failure?.line == line)
      #expect(failure?.message.contains(words) == true)
    }
  }

  @Test(arguments: [[0xFF, 0xFE, 0x61], [0x61, 0x2C, 0xC3], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]])
  func refusesWhatIsNotUTF8(bytes: [UInt8]) {
    #expect(throws: TableFailure.self) { try records(bytes) }
  }

  @Test(arguments: [",,,", "a,\"" + String(repeating: "1", count: 24)]) func boundsARecord(long: String)
    throws
  {
    var reader = CSVReader(maximumRecordLength: 40)
    try reader.append(Array("1234,\"5678\"\n".utf8)[...])
    #expect(reader.next()?.fields == ["1234", "5678"])
    let failure = #expect(throws: TableFailure.self) { try reader.append(Array(long.utf8)[...]) }
    #expect(failure?.line == 2)
    #expect(failure?.message.contains("longer than 40 bytes") == true)
  }

  /// What a writer writes by RFC 4180 is read as it was, in pieces of any length.
  @Test(arguments: 0..<200) func roundTrip(seed: UInt64) throws {
    var random = SeededNumbers(seed: seed)
    let alphabet = ["a", "b", ",", "\"", "\n", "\r", "\r\n", " ", "é", "灯", "\u{2028}", "\u{FEFF}", "\t", ""]
    let columns = random.number(below: 5) + 1
    let table = (0..<random.number(below: 8) + 1).map { _ in
      (0..<columns).map { _ in
        (0..<random.number(below: 6)).map { _ in alphabet[random.number(below: alphabet.count)] }.joined()
      }
    }
    let text = table.map { record in
      record.map { field in
        let mustQuote =
          field.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) } || columns == 1 && field.isEmpty
        guard mustQuote || random.number(below: 3) == 0 else { return field }
        return "\"" + field.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
      }.joined(separator: ",")
    }.joined(separator: random.number(below: 2) == 0 ? "\n" : "\r\n")
    let end = ["", "\n", "\r\n"][random.number(below: 3)]
    let bytes = Array((text + end).utf8)
    #expect(try records(bytes, by: random.number(below: 9) + 1).map(\.fields) == table)
  }

  /// Any bytes at all: no crash, and the same whatever the pieces.
  @Test(arguments: 0..<300) func anyBytes(seed: UInt64) throws {
    var random = SeededNumbers(seed: seed)
    let alphabet: [UInt8] = [0x22, 0x22, 0x2C, 0x0A, 0x0D, 0x61, 0x20, 0xC3, 0xA9, 0xFF, 0x00]
    let bytes = (0..<random.number(below: 40)).map { _ in alphabet[random.number(below: alphabet.count)] }
    let whole = Result { try records(bytes) }
    for length in 1...5 {
      let pieces = Result { try records(bytes, by: length) }
      switch (whole, pieces) {
      case (.success(let one), .success(let other)): #expect(one == other)
      case (.failure(let one as TableFailure), .failure(let other as TableFailure)): #expect(one == other)
      default: Issue.record("pieces of \(length): \(whole) and \(pieces)")
      }
    }
  }
}

/// The same numbers for the same seed.
struct SeededNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func number(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((value ^ (value >> 31)) % UInt64(bound))
  }
}
