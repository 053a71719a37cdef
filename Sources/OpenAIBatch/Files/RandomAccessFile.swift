// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

/// A regular file of which any part can be read, as far as it went when it was opened.
package struct RandomAccessFile: Sendable {
  private let file: OpenFile

  /// Opens the file.
  ///
  /// - Throws: ``FileFailure`` when it cannot be opened or is not a regular file.
  package init(path: String) throws(FileFailure) {
    file = try OpenFile(reading: path)
  }

  /// The file's state when it was opened.
  package var version: FileVersion { file.version }
  /// Whether it is in that state still.
  package var isUnchanged: Bool { file.currentVersion == version }
  /// The file's length in bytes when it was opened.
  package var length: Int64 { version.length }

  /// At most `count` bytes from `offset` on; fewer only at the file's end.
  package func read(at offset: Int64, count: Int) throws(FileFailure) -> [UInt8] {
    let count = Int(min(Int64(count), max(length - offset, 0)))
    return try read([offset..<offset + Int64(count)], count: count)
  }

  /// The bytes of several parts, one after the other.
  ///
  /// - Parameters:
  ///   - ranges: The parts.
  ///   - count: How many bytes they have in all.
  package func read(_ ranges: ArraySlice<Range<Int64>>, count: Int) throws(FileFailure) -> [UInt8] {
    let bytes = try file.read(ranges, count: count)
    guard bytes.count == count else { throw .changed(file.path, version) }
    return bytes
  }
}
