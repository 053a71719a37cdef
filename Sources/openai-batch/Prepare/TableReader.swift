// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Cuts the text of a table into records, as the bytes arrive.
protocol TableReader {
  /// The records that are whole.
  var records: TableRecords { get set }
  /// Takes the next bytes.
  ///
  /// - Throws: ``TableFailure`` with the line.
  mutating func append(_ bytes: ArraySlice<UInt8>) throws(TableFailure)
  /// Ends the text: a last record without a line end becomes whole.
  mutating func finish() throws(TableFailure)
}

extension TableReader {
  /// The next whole record; `nil` when more bytes are needed.
  mutating func next() -> TableRecord? { records.next() }
}

/// One record of a table.
struct TableRecord: Equatable {
  /// The line on which it begins, counted from 1.
  let line: Int
  let fields: [String]
}

/// Records that wait to be taken, in their order.
struct TableRecords {
  private var records: [TableRecord] = []
  private var taken = 0

  mutating func append(_ record: TableRecord) {
    records.append(record)
  }

  mutating func next() -> TableRecord? {
    guard taken < records.count else {
      records.removeAll(keepingCapacity: true)
      taken = 0
      return nil
    }
    taken += 1
    return records[taken - 1]
  }
}

/// Text that is not a table.
struct TableFailure: Error, Equatable {
  let line: Int
  let message: String
}
