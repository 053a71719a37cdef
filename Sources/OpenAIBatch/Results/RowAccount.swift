// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchModels

/// The rows of an input, and what came back for each: the one memory behind audits, ordered results and jobs.
///
/// On disk each row has a record with its id and, if wanted, the line that counts for it. In memory it has 8
/// bytes of state and 11 to 22 in the table of ids: 10 million rows take less than 300 MB. Ids with one hash are
/// told apart by their records.
package final class RowAccount {
  private var spool: Spool
  /// The places are the rows' numbers, counted from 1.
  private var ids = CustomIDTable()
  private var rows: [RowState] = []
  private var classes = FailureClasses()
  /// What is counted by the line; rows are counted by ``audit()``.
  private var findings = BatchAudit()
  /// Why one of the result files could not be read, when it is gone.
  package internal(set) var deletion: BatchClientError?
  private let keepsLines: Bool
  private let hash: (RowID) -> Int

  /// Creates an account without rows.
  ///
  /// - Parameters:
  ///   - keepsLines: Whether the lines are wanted again.
  ///   - hash: The hash of ids.
  init(
    keepsLines: Bool, spool: consuming Spool, hash: @escaping (RowID) -> Int = { $0.hashValue }
  ) {
    self.keepsLines = keepsLines
    self.spool = spool
    self.hash = hash
  }

  /// How many rows the input has.
  package var count: Int { rows.count }

  // MARK: Adding

  /// Adds a row of the input.
  ///
  /// - Parameter id: Its `custom_id`, if it has one. A row without one, or with that of an earlier row, cannot
  ///   join a result.
  func addRow(_ id: String?) throws(BatchClientError) {
    let id = RowID(id ?? "")
    let isJoinable =
      if id.text.isEmpty { false } else {
        try ids.insert(hash: hash(of: id), place: Int64(rows.count + 1)) { place throws(BatchClientError) in
          try isRow(place, named: id)
        } == nil
      }
    rows.append(
      RowState(
        record: spool.length,
        outcome: isJoinable ? FailureClasses.missing : FailureClasses.unjoinable))
    try addRecord(id, line: nil)
  }

  /// Adds a line of a result file. Of several for one row the first answer counts, else the first failure.
  package func add(_ line: ResultLine) throws(BatchClientError) {
    let id = RowID(line.result.customID)
    guard !id.text.isEmpty, let row = try row(named: id) else {
      return findings.addUnexpected(id.text)
    }
    let earlier = rows[row].failure
    if earlier != FailureClasses.missing { findings.addDuplicate(id.text) }
    let outcome: FailureClasses.Number?
    switch line.result.outcome {
    case .success(let response):
      guard earlier != nil else { return }
      if let used = response.usage { findings.usage = findings.usage + used }
      outcome = nil
    case .failure(let failure):
      guard earlier == FailureClasses.missing else { return }
      outcome = classes.number(of: failure)
    }
    rows[row] = RowState(record: keepsLines ? spool.length : rows[row].record, outcome: outcome)
    if keepsLines { try addRecord(id, line: line.line) }
  }

  private func row(named id: RowID) throws(BatchClientError) -> Int? {
    let place = try ids.place(hash: hash(of: id)) { place throws(BatchClientError) in
      try isRow(place, named: id)
    }
    return place.map { Int($0 - 1) }
  }

  private func isRow(_ place: Int64, named id: RowID) throws(BatchClientError) -> Bool {
    let record = try record(at: Int(place - 1))
    guard record.idLength == id.text.utf8.count else { return false }
    return try self.id(of: record).elementsEqual(id.text.utf8)
  }

  private func hash(of id: RowID) -> UInt64 { UInt64(truncatingIfNeeded: hash(id)) }

  // MARK: Reading

  /// The line to write for a row of the input, by its number: the one that counts, or one in the service's shape
  /// that says why there is none, when none came back that can be read.
  package func line(at row: Int) throws(BatchClientError) -> ArraySlice<UInt8> {
    guard let line = try storedLine(at: row) else { return try failure(at: row).standInLine[...] }
    let isInvalid = rows[row].failure.map { classes.all[Int($0)].kind == .invalid } ?? false
    return isInvalid ? ResultLine(line).bytes : line.bytes
  }

  /// The line that counts for a row of the input, as it reads.
  package func result(at row: Int) throws(BatchClientError) -> ResultLine {
    ResultLine(try self.row(at: row))
  }

  /// The line that counts for a row of the input, not yet read.
  func row(at row: Int) throws(BatchClientError) -> ResultSource.Row {
    guard let line = try storedLine(at: row) else { return .standIn(try failure(at: row)) }
    // The bytes are a part of what was read around them, which is not to wait with them.
    return .line(JSONLine(Array(line.bytes)[...], number: line.number, isTooLong: line.isTooLong))
  }

  private func storedLine(at row: Int) throws(BatchClientError) -> JSONLine? {
    let record = try record(at: row)
    guard record.lineLength > 0 else { return nil }
    let bytes = try spool.read(
      at: record.start + Int64(Record.headerLength + record.idLength), count: record.lineLength)
    return JSONLine(bytes, number: record.lineNumber, isTooLong: record.isTooLong)
  }

  /// What is to be said of a row for which no line came back.
  private func failure(at row: Int) throws(BatchClientError) -> BatchResult<BatchResponse> {
    let id = String(decoding: try id(of: record(at: row)), as: UTF8.self)
    return rows[row].failure == FailureClasses.missing ? .missing(customID: id) : .unjoinable(customID: id)
  }

  /// The account so far.
  package func audit() throws(BatchClientError) -> BatchAudit {
    var counts = [Int](repeating: 0, count: classes.all.count)
    var examples = [Int](repeating: 0, count: classes.all.count)
    var audit = findings
    audit.rows = rows.count
    audit.deletedFiles = deletion == nil ? 0 : 1
    for (row, state) in rows.enumerated() {
      guard let failure = state.failure.map(Int.init) else {
        audit.answered += 1
        continue
      }
      if counts[failure] == 0 { examples[failure] = row }
      counts[failure] += 1
    }
    var groups: [BatchAudit.Group] = []
    for (number, failure) in classes.all.enumerated() where counts[number] > 0 {
      let example = try id(of: record(at: examples[number]))
      groups.append(
        BatchAudit.Group(
          kind: failure.kind, code: failure.code, statusCode: failure.statusCode, count: counts[number],
          exampleID: String(decoding: example, as: UTF8.self)))
    }
    audit.add(groups)
    return audit
  }

  // MARK: Records

  /// A record's header: the lengths of its two parts, and the line's number in its file.
  private struct Record {
    static let headerLength = 16
    let start: Int64
    let idLength: Int
    let lineLength: Int
    let lineNumber: Int
    let isTooLong: Bool
  }

  private func addRecord(_ id: RowID, line: JSONLine?) throws(BatchClientError) {
    let id = id.text.utf8
    spool.append(UInt32(clamping: id.count))
    spool.append(UInt32(clamping: line?.bytes.count ?? 0))
    spool.append(UInt32(clamping: line?.number ?? 0))
    spool.append(line?.isTooLong == true ? 1 : 0)
    spool.append(id)
    if let line { spool.append(line.bytes) }
    try spool.endRecord()
  }

  private func record(at row: Int) throws(BatchClientError) -> Record {
    let start = rows[row].record
    let header = try spool.read(at: start, count: Record.headerLength)
    func number(_ index: Int) -> Int {
      let first = header.startIndex + index * 4
      return header[first..<first + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    return Record(
      start: start, idLength: number(0), lineLength: number(1), lineNumber: number(2),
      isTooLong: number(3) == 1)
  }

  private func id(of record: Record) throws(BatchClientError) -> ArraySlice<UInt8> {
    try spool.read(at: record.start + Int64(Record.headerLength), count: record.idLength)
  }
}

extension BatchResult where Value == BatchResponse {
  /// The result of a row that no result can join.
  fileprivate static func unjoinable(customID: String) -> Self {
    Self(
      customID: customID,
      outcome: .failure(RowFailure(.invalid, "The row of the input has no custom_id of its own.")))
  }
}
