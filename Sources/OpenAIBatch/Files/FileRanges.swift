// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

/// Parts of a file, read one after the other in pieces of about 256 KiB.
package struct FileRanges {
  private let file: RandomAccessFile
  private let path: String
  private var ranges: ArraySlice<Range<Int64>>
  private static let pieceLength: Int64 = 256 << 10

  /// Opens the file.
  ///
  /// - Parameters:
  ///   - ranges: The parts, in the order in which they are wanted.
  ///   - path: The file's path.
  ///   - version: The state in which the parts were found.
  /// - Throws: ``FileFailure`` when it cannot be opened, or has changed since.
  package init(
    _ ranges: [Range<Int64>], of path: String, version: FileVersion?
  ) throws(FileFailure) {
    file = try RandomAccessFile(path: path)
    self.ranges = ranges[...]
    self.path = path
    guard file.version == version else { throw Self.changed(path) }
  }

  private static func changed(_ path: String) -> FileFailure {
    FileFailure(path: path, reason: "has changed since it was checked")
  }

  /// The next piece; `nil` at the end.
  ///
  /// - Throws: ``FileFailure`` when it cannot be read, or has changed by the end.
  package mutating func next() throws(FileFailure) -> ArraySlice<UInt8>? {
    guard let first = ranges.first else {
      guard file.isUnchanged else { throw Self.changed(path) }
      return nil
    }
    if first.count > Self.pieceLength {
      let end = first.lowerBound + Self.pieceLength
      ranges[ranges.startIndex] = end..<first.upperBound
      return try file.read([first.lowerBound..<end], count: Int(Self.pieceLength))[...]
    }
    var count: Int64 = 0
    let piece = ranges.prefix { range in
      count += Int64(range.count)
      return count <= Self.pieceLength
    }
    ranges = ranges[piece.endIndex...]
    return try file.read(piece, count: piece.reduce(0) { $0 + $1.count })[...]
  }
}
