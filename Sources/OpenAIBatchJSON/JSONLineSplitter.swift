// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// One line of a JSON Lines text.
public struct JSONLine: Sendable {
  /// The line's number in the text, counted from 1, blank lines included.
  public let number: Int
  /// Where the line stands in the text, counted in bytes, its line end included and a byte order mark not.
  public let range: Range<Int>
  /// The line without its line end. For a line that is too long only its first 1,024 bytes.
  public let bytes: ArraySlice<UInt8>
  /// Whether the line is longer than the splitter's limit.
  public let isTooLong: Bool
  /// Whether a line feed ends the line; only the last line of a text can lack it.
  package var hasLineFeed = true
  /// Whether the line's end and further bytes stand behind ``bytes`` in the same storage, as many as the scanner may
  /// look at: then it needs no copy.
  var isPadded = false
  /// What the line says, where it was read while it was cut.
  package fileprivate(set) var value: JSONValue?

  /// Validates the line as one JSON text.
  ///
  /// - Throws: ``JSONFailure`` that carries the line's number.
  public func parse() throws(JSONFailure) -> JSONValue {
    if let value { return value }
    guard !isTooLong else { throw JSONFailure("the line is too long", line: number) }
    return try JSONValue(parsing: bytes, line: number, isPadded: isPadded)
  }
}

/// Cuts bytes into lines as they arrive: chunks in, lines out.
///
/// Only the byte 0x0A ends a line; U+2028, U+2029 and U+0085 are data. A carriage return before it, a byte
/// order mark at the start and blank lines are dropped; the last line needs no line end. A line over the
/// limit is reported as such, and the lines around it are not lost.
public struct JSONLineSplitter: Sendable {
  /// 16 MiB: the longest line that is kept by default.
  public static let defaultMaximumLineLength = 16 << 20

  /// Whether the text began with a byte order mark.
  public private(set) var hadByteOrderMark = false

  /// How much is kept of a line that is too long.
  private static let excerptLength = 1024
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private let maximumLineLength: Int
  private var chunk: ArraySlice<UInt8> = []
  /// Before this place in the chunk each line has its end, and ``JSONScanner/padding`` bytes behind it; `nil` when it
  /// has not been looked for.
  private var readableEnd: Int?
  private var partial: [UInt8] = []
  private var partialLength = 0
  private var number = 0
  /// Where the line that comes next begins.
  private var start = 0

  /// Creates a splitter.
  ///
  /// - Parameter maximumLineLength: The longest line to keep, in bytes.
  public init(maximumLineLength: Int = defaultMaximumLineLength) {
    self.maximumLineLength = maximumLineLength
  }

  /// Takes the next bytes. Call ``next()`` until it returns `nil` before the next call.
  public mutating func append(_ bytes: ArraySlice<UInt8>) {
    if chunk.isEmpty {
      chunk = bytes
    } else {
      chunk.append(contentsOf: bytes)
    }
    readableEnd = nil
  }

  /// The next whole line that is not blank, or `nil` when more bytes are needed.
  public mutating func next() -> JSONLine? {
    while let distance = JSONScanner.newline(in: chunk) {
      let end = chunk.startIndex + distance
      let piece = chunk[..<end]
      chunk = chunk[(end + 1)...]
      if let line = line(endingWith: piece, lineEnd: 1) { return line }
    }
    keep(chunk)
    chunk = []
    readableEnd = nil
    return nil
  }

  /// The next line as ``next()`` gives it, read as JSON in the same pass if it is any.
  package mutating func nextRead() -> JSONLine? {
    // Of a chunk's first line a part may have come before, and a byte order mark is no JSON.
    guard number > 0, partialLength == 0, chunk.startIndex < findReadableEnd(),
      let (document, lineFeed) = JSONScratch.scanLine(chunk, number: number + 1)
    else { return next() }
    let piece = chunk.prefix(lineFeed)
    chunk = chunk[(piece.endIndex + 1)...]
    var line = line(endingWith: piece, lineEnd: 1)
    if line?.isTooLong == false { line?.value = JSONValue(document, 0) }
    return line
  }

  private mutating func findReadableEnd() -> Int {
    if let readableEnd { return readableEnd }
    let end = chunk.dropLast(JSONScanner.padding).lastIndex(of: 0x0A) ?? chunk.startIndex
    readableEnd = end
    return end
  }

  /// The last line, when it has no line end. Call after the last bytes and the last ``next()``.
  public mutating func finish() -> JSONLine? {
    partialLength == 0 ? nil : line(endingWith: [], lineEnd: 0)
  }

  private mutating func keep(_ piece: ArraySlice<UInt8>) {
    partialLength += piece.count
    // A line over the limit needs no more than its beginning, behind a byte order mark.
    let most = Self.excerptLength + Self.byteOrderMark.count
    let room = partialLength > maximumLineLength ? most - partial.count : piece.count
    if room > 0 { partial += piece.prefix(room) }
    if partialLength > maximumLineLength, partial.count > most { partial = Array(partial.prefix(most)) }
  }

  private mutating func line(endingWith piece: ArraySlice<UInt8>, lineEnd: Int) -> JSONLine? {
    number += 1
    var bytes = piece
    // What is left of the chunk stands behind the line feed.
    let isPadded = partialLength == 0 && lineEnd > 0 && chunk.count >= JSONScanner.padding
    let length = partialLength + piece.count
    var range = start..<start + length + lineEnd
    start = range.upperBound
    if partialLength > 0 {
      keep(piece)
      bytes = partial[...]
      partial = []
      partialLength = 0
    }
    if number == 1, bytes.starts(with: Self.byteOrderMark) {
      hadByteOrderMark = true
      bytes = bytes.dropFirst(Self.byteOrderMark.count)
      range = range.lowerBound + Self.byteOrderMark.count..<range.upperBound
    }
    if length > maximumLineLength {
      return JSONLine(
        number: number, range: range, bytes: bytes.prefix(Self.excerptLength), isTooLong: true,
        hasLineFeed: lineEnd > 0)
    }
    if bytes.last == 0x0D { bytes = bytes.dropLast() }
    let isBlank = bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    guard !isBlank else { return nil }
    return JSONLine(
      number: number, range: range, bytes: bytes, isTooLong: false, hasLineFeed: lineEnd > 0,
      isPadded: isPadded)
  }
}
