// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchTransport

/// What a pass over a file can still ask about the rows behind it.
struct EarlierRows {
  /// The line that begins at or before each quarter of a megabyte or so.
  private var marks: [(offset: Int64, line: Int)] = []
  /// The place that was asked for last: rows that stand in a file twice are asked for in order.
  private var latest: (offset: Int64, line: Int) = (0, 1)
  private static let markDistance: Int64 = 256 << 10

  /// Notes a line that the pass has come to.
  mutating func pass(_ line: JSONLine) {
    let offset = Int64(line.range.lowerBound)
    if let last = marks.last, offset - last.offset < Self.markDistance { return }
    marks.append((offset, line.number))
  }

  /// The number of the line in which a byte stands.
  mutating func line(at offset: Int64, in file: RandomAccessFile) throws(FileFailure) -> Int {
    var (low, high) = (0, marks.count)
    while low < high {
      let middle = (low + high) / 2
      if marks[middle].offset <= offset { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return 1 }
    var (position, line) = marks[low - 1]
    if latest.offset > position, latest.offset <= offset { (position, line) = latest }
    while position < offset {
      let count = Int(min(offset - position, Self.markDistance))
      for byte in try file.read(at: position, count: count) where byte == 0x0A { line += 1 }
      position += Int64(count)
    }
    latest = (offset, line)
    return line
  }

  /// The text that begins with the quote at `offset`; `nil` when it is not there any more.
  static func text(at offset: Int64, in file: RandomAccessFile) throws(FileFailure) -> JSONLiteral? {
    var count = 256
    while count <= 2 * JSONLineSplitter.defaultMaximumLineLength {
      let bytes = try file.read(at: offset, count: count)
      var index = 1
      while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
        index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
      }
      if index < bytes.count { return JSONLiteral(bytes: bytes[...index]) }
      if bytes.count < count { return nil }
      count *= 2
    }
    return nil
  }
}
