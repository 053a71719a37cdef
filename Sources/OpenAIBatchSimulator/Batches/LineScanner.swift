// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Walks over the lines of a stored file, with the place of each, so that any can be read again.
struct LineScanner {
  /// One line that is not blank, without its line end.
  struct Line {
    let number: Int
    let offset: Int
    let length: Int
    /// `nil` when the line is longer than the limit.
    let bytes: ArraySlice<UInt8>?
  }

  static let maximumLineLength = 32 << 20
  private static let chunkLength = 256 << 10

  private let reader: StoredFileReader
  /// Bytes read and not yet given out, and where they stand in the file.
  private var chunk: ArraySlice<UInt8> = []
  private var chunkOffset = 0
  private var number = 0

  init(_ reader: StoredFileReader) {
    self.reader = reader
  }

  mutating func next() throws(FileFailure) -> Line? {
    while let line = try nextOfAny() {
      if let bytes = line.bytes, bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
      return line
    }
    return nil
  }

  private mutating func nextOfAny() throws(FileFailure) -> Line? {
    var searched = 0
    // Of a line over the limit only the length is of interest, so its bytes are let go as they come.
    var skipped = 0
    while true {
      if let end = chunk.index(of: 0x0A, from: chunk.startIndex + searched) {
        return take(to: end, skipped: skipped, lineEnd: 1)
      }
      searched = chunk.count
      if searched > Self.maximumLineLength || skipped > 0 {
        skipped += searched
        chunkOffset += searched
        chunk = []
        searched = 0
      }
      let more = try reader.read(Self.chunkLength, at: chunkOffset + chunk.count)
      guard !more.isEmpty else {
        return chunk.isEmpty && skipped == 0 ? nil : take(to: chunk.endIndex, skipped: skipped, lineEnd: 0)
      }
      if chunk.isEmpty { chunk = more[...] } else { chunk.append(contentsOf: more) }
    }
  }

  private mutating func take(to end: Int, skipped: Int, lineEnd: Int) -> Line {
    number += 1
    var bytes = chunk[..<end]
    let offset = chunkOffset
    chunk = chunk[min(end + lineEnd, chunk.endIndex)...]
    chunkOffset += bytes.count + lineEnd
    if bytes.last == 0x0D { bytes = bytes.dropLast() }
    let isKept = skipped == 0 && bytes.count <= Self.maximumLineLength
    return Line(
      number: number, offset: offset - skipped, length: bytes.count + skipped, bytes: isKept ? bytes : nil)
  }
}
