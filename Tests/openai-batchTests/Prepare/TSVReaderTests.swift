// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Testing

@testable import openai_batch

@Suite struct TSVReaderTests {
  private func records(_ text: String, by length: Int, _ reader: TSVReader = TSVReader()) throws
    -> [TableRecord]
  {
    var reader = reader
    var records: [TableRecord] = []
    let bytes = Array(text.utf8)
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
      ("", []), ("\n\r\n\n", []), ("a", [["a"]]), ("a\tb\r\nc\td\n", [["a", "b"], ["c", "d"]]),
      ("\t\n\n\t\t", [["", ""], ["", "", ""]]), ("\"a\tb\"\n", [["\"a", "b\""]]), ("a,b\tc", [["a,b", "c"]]),
      (#"\t\n\r\\"#, [["\t\n\r\\"]]), (#"\\t"#, [[#"\t"#]]), (#"\q\"#, [[#"\q\"#]]),
      ("ü\t灯台", [["ü", "灯台"]]),
    ] as [(String, [[String]])])
  func readsRecords(text: String, expected: [[String]]) throws {
    for length in [1, 2, 1000] {
      #expect(try records(text, by: length).map(\.fields) == expected, "pieces of \(length)")
    }
  }

  @Test func knowsItsLines() throws {
    #expect(try records("a\n\nb\n", by: 1).map(\.line) == [1, 3])
  }

  @Test func aLongRowIsRefused() throws {
    #expect(throws: TableFailure(line: 2, message: "the row is longer than 4 bytes")) {
      try records("abcd\nabcde\n", by: 3, TSVReader(maximumRecordLength: 4))
    }
  }
}
