// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The records of comma-separated text, by RFC 4180, as the bytes arrive.
///
/// A field in double quotes may hold line ends, delimiters, and quotes that are written twice. A record ends with LF
/// or CRLF; blank lines between records are left out, and the last record needs no line end.
struct CSVReader: TableReader {
  private enum State {
    /// At the start of a field.
    case start
    /// In a field without quotes.
    case plain
    /// In a field with quotes.
    case quoted
    /// Behind a quote in a field with quotes: its end, or the first of two.
    case closed
    /// Behind a carriage return outside of quotes: half of a line end, or data.
    case carriageReturn(isQuoted: Bool)
  }

  private static let delimiter = UInt8(ascii: ",")
  private let maximumRecordLength: Int
  private var state = State.start
  private var field: [UInt8] = []
  private var fields: [String] = []
  private var recordLength = 0
  private var line = 1
  private var firstLine = 1
  private var quoteLine = 1
  /// Whether the record so far is no more than a line end would make.
  private var isBlank = true
  var records = TableRecords()

  /// Creates a reader.
  ///
  /// - Parameter maximumRecordLength: The longest record, in bytes and 16 more for each field: 16 MiB by default.
  init(maximumRecordLength: Int = 16 << 20) {
    self.maximumRecordLength = maximumRecordLength
  }

  mutating func append(_ bytes: ArraySlice<UInt8>) throws(TableFailure) {
    for byte in bytes { try take(byte) }
  }

  mutating func finish() throws(TableFailure) {
    switch state {
    case .quoted:
      throw TableFailure(line: quoteLine, message: "the quote that opens here is never closed")
    case .carriageReturn:
      try endRecord()
    case .start where isBlank && fields.isEmpty:
      break
    default:
      try endRecord()
    }
  }

  private mutating func take(_ byte: UInt8) throws(TableFailure) {
    if case .carriageReturn(let isQuoted) = state, byte != 0x0A {
      guard !isQuoted else { throw behindQuote }
      state = .plain
      isBlank = false
      try add(0x0D)
    }
    switch (state, byte) {
    case (.quoted, UInt8(ascii: "\"")):
      state = .closed
    case (.quoted, _):
      if byte == 0x0A { line += 1 }
      try add(byte)
    case (.closed, UInt8(ascii: "\"")):
      state = .quoted
      try add(byte)
    case (.start, UInt8(ascii: "\"")):
      state = .quoted
      quoteLine = line
      isBlank = false
    case (_, 0x0A):
      try endRecord()
    case (_, Self.delimiter):
      isBlank = false
      try endField()
    case (.closed, 0x0D):
      state = .carriageReturn(isQuoted: true)
    case (.closed, _):
      throw behindQuote
    case (_, 0x0D):
      state = .carriageReturn(isQuoted: false)
    default:
      state = .plain
      isBlank = false
      try add(byte)
    }
  }

  private var behindQuote: TableFailure {
    TableFailure(
      line: line,
      message: "text behind the closing quote of a field; a quote inside a field is written twice")
  }

  private mutating func add(_ byte: UInt8) throws(TableFailure) {
    try grow(by: 1)
    field.append(byte)
  }

  private mutating func grow(by count: Int) throws(TableFailure) {
    recordLength += count
    guard recordLength <= maximumRecordLength else {
      throw TableFailure(
        line: firstLine,
        message: "the row is longer than \(maximumRecordLength) bytes; is a quote or a line end missing?")
    }
  }

  private mutating func endField() throws(TableFailure) {
    guard let text = String(validating: field, as: UTF8.self) else {
      throw TableFailure(line: line, message: "not UTF-8; save the file as UTF-8")
    }
    try grow(by: 16)
    fields.append(text)
    field.removeAll(keepingCapacity: true)
    state = .start
  }

  private mutating func endRecord() throws(TableFailure) {
    defer {
      line += 1
      firstLine = line
      isBlank = true
      state = .start
      recordLength = 0
      fields.removeAll(keepingCapacity: true)
    }
    if isBlank { return }
    try endField()
    records.append(TableRecord(line: firstLine, fields: fields))
  }
}
