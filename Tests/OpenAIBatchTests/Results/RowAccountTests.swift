// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import Testing

@testable import OpenAIBatch

@Suite struct RowAccountTests {
  private func result(_ text: String) -> ResultLine { ResultLine(JSONLine(Array(text.utf8)[...], number: 1)) }

  @Test func idsThatLookTheSameHaveHashesOfTheirOwn() {
    #expect("é" == "e\u{301}")
    #expect(RowID("é") != RowID("e\u{301}"))
    #expect(RowID("é").hashValue != RowID("e\u{301}").hashValue)
  }

  @Test func aLongCodeIsCut() throws {
    var classes = FailureClasses()
    let long = ErrorCode(rawValue: String(repeating: "x", count: 100_000))
    let number = classes.number(of: RowFailure(.rejected, "", statusCode: 400, code: long))
    #expect(classes.number(of: RowFailure(.rejected, "", statusCode: 400, code: long)) == number)
    #expect(classes.all[Int(number)].code?.rawValue.utf8.count ?? 0 < 300)
  }

  /// Every id has the same hash, or one of three: rows are told apart by their ids.
  @Test(arguments: [1, 3])
  func tellsRowsOfOneHashApart(hashes: Int) throws {
    let account = RowAccount(keepsLines: true, spool: try Spool()) {
      $0.text.utf8.reduce(0, { $0 + Int($1) }) % hashes
    }
    let ids = (0..<200).map { "row-\($0)" }
    for id in ids { try account.addRow(id) }
    try account.addRow("row-7")
    for id in ids.shuffled() where id != "row-50" { try account.add(result(answerLine(id, "text of \(id)"))) }
    try account.add(result(answerLine("row-200")))
    for (row, id) in ids.enumerated() where id != "row-50" {
      #expect(words(try account.result(at: row).result) == "\(id)=text of \(id)")
    }
    #expect(words(try account.result(at: 50).result) == "row-50!missing")
    #expect(words(try account.result(at: 200).result) == "row-7!invalid")
    let audit = try account.audit()
    #expect(audit.answered == 199 && audit.failed == [.missing: 1, .invalid: 1])
    #expect(audit.unexpectedIDs == ["row-200"] && audit.duplicates == 0)
  }

  @Test func countsClassesBeyondThoseThatAreToldApart() throws {
    let account = RowAccount(keepsLines: false, spool: try Spool())
    for row in 0..<5000 {
      try account.addRow("\(row)")
      try account.add(result(notRunLine("\(row)", code: "code_\(row)")))
    }
    let audit = try account.audit()
    #expect(audit.failed.values.reduce(0, +) == 5000)
    #expect(audit.failed.count < 4200 && audit.groups.count == 100)
    #expect((audit.failed[.invalid] ?? 0) > 900)
  }

  @Test func givesALineInTheServicesShapeForARowWithoutOne() throws {
    let account = RowAccount(keepsLines: true, spool: try Spool())
    try account.addRow("a\"\u{2028}")
    let line = JSONLine(try account.line(at: 0), number: 0)
    let read = BatchResult(line: line)
    #expect(read.customID == "a\"\u{2028}")
    guard case .failure(let failure) = read.outcome else {
      Issue.record("\(read)")
      return
    }
    #expect(failure.kind == .missing && failure.message.contains("neither"))
  }

  @Test func writesALineThatCannotBeReadInTheServicesShape() throws {
    let account = RowAccount(keepsLines: true, spool: try Spool())
    for id in ["cut", "long", "good"] { try account.addRow(id) }
    let cut = ResultLine(JSONLine(Array(answerLine("cut").utf8.prefix(60))[...], number: 7))
    try account.add(cut)
    let long = Array(answerLine("long").utf8.prefix(50))[...]
    try account.add(ResultLine(JSONLine(long, number: 8, isTooLong: true)))
    try account.add(result(answerLine("good")))
    for (row, id, says) in [(0, "cut", "line 7"), (1, "long", "too long")] {
      let written = try account.line(at: row)
      #expect(written == (try account.result(at: row)).bytes)
      let json = try JSONValue(parsing: written)
      #expect(json["custom_id"]?.string == id && json["error"]?["code"]?.string == "invalid")
      #expect(json["error"]?["message"]?.string?.contains(says) == true)
    }
    #expect(cut.bytes == (try account.line(at: 0)))
    #expect(try account.line(at: 2) == Array(answerLine("good").utf8)[...])
  }

  @Test func readsBackWhatItWrote() throws {
    var spool = try Spool()
    var places: [(Int64, [UInt8])] = []
    for number in 0..<300 {
      let record = [UInt8](repeating: UInt8(number % 256), count: (number * 37) % 9000 + 1)
      places.append((spool.length, record))
      spool.append(record)
      try spool.endRecord()
      let (place, expected) = places[number / 2]
      #expect(try Array(spool.read(at: place, count: expected.count)) == expected)
    }
    for (place, expected) in places.shuffled() {
      #expect(try Array(spool.read(at: place, count: expected.count)) == expected)
    }
  }

  @Test func saysWhichFolderDoesNotTakeIt() throws {
    let error = try #require(throws: BatchClientError.self) { _ = try Spool(folders: ["/nonexistent"]) }
    #expect(error.kind == .file)
    #expect(error.message.contains("/nonexistent") && error.message.contains("TMPDIR"))
  }
}
