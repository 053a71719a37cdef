// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The records of tab-separated text, as the bytes arrive, in the form in which results are written.
///
/// `\t`, `\n`, `\r` and `\\` stand for a tab, a line feed, a carriage return and a backslash; other backslashes, and
/// all quotes, are data. A record ends with LF or CRLF; blank lines are left out.
struct TSVReader: TableReader {
  private let maximumRecordLength: Int
  private var bytes: [UInt8] = []
  private var line = 1
  var records = TableRecords()

  /// Creates a reader.
  ///
  /// - Parameter maximumRecordLength: The longest record, in bytes: 16 MiB by default.
  init(maximumRecordLength: Int = 16 << 20) {
    self.maximumRecordLength = maximumRecordLength
  }

  mutating func append(_ chunk: ArraySlice<UInt8>) throws(TableFailure) {
    var rest = chunk
    while let end = rest.firstIndex(of: 0x0A) {
      try add(rest[..<end])
      try endRecord()
      rest = rest[(end + 1)...]
    }
    try add(rest)
  }

  mutating func finish() throws(TableFailure) {
    try endRecord()
  }

  private mutating func add(_ piece: ArraySlice<UInt8>) throws(TableFailure) {
    guard bytes.count + piece.count <= maximumRecordLength else {
      throw TableFailure(line: line, message: "the row is longer than \(maximumRecordLength) bytes")
    }
    bytes += piece
  }

  private mutating func endRecord() throws(TableFailure) {
    defer {
      line += 1
      bytes.removeAll(keepingCapacity: true)
    }
    if bytes.last == 0x0D { bytes.removeLast() }
    guard !bytes.isEmpty else { return }
    var fields: [String] = []
    for cell in bytes.split(separator: 0x09, omittingEmptySubsequences: false) {
      guard let text = String(validating: Self.unescaped(cell), as: UTF8.self) else {
        throw TableFailure(line: line, message: "not UTF-8; save the file as UTF-8")
      }
      fields.append(text)
    }
    records.append(TableRecord(line: line, fields: fields))
  }

  private static func unescaped(_ cell: ArraySlice<UInt8>) -> [UInt8] {
    let backslash = UInt8(ascii: "\\")
    guard cell.contains(backslash) else { return Array(cell) }
    var text: [UInt8] = []
    var rest = cell
    while let byte = rest.popFirst() {
      let meaning: UInt8? =
        switch byte == backslash ? rest.first : nil {
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case backslash: backslash
        default: nil
        }
      if meaning != nil { rest.removeFirst() }
      text.append(meaning ?? byte)
    }
    return text
  }
}
