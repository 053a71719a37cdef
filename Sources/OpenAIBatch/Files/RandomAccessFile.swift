// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A regular file of which any part can be read.
package final class RandomAccessFile: Sendable {
  /// The file's state when it was opened.
  package let version: FileVersion
  private let path: String
  private let descriptor: CInt

  /// Opens the file.
  ///
  /// - Throws: ``FileFailure`` when it cannot be opened or is not a regular file.
  package init(path: String) throws(FileFailure) {
    // Opening a pipe would else wait for a writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(path: path, action: "open", code: errno) }
    guard let version = FileVersion(descriptor) else {
      close(descriptor)
      throw FileFailure(path: path, reason: "is not a regular file")
    }
    self.path = path
    self.descriptor = descriptor
    self.version = version
  }

  deinit {
    close(descriptor)
  }

  /// The file's length in bytes when it was opened.
  package var length: Int64 { version.length }

  /// At most `count` bytes from `offset` on; fewer at the file's end.
  package func read(at offset: Int64, count: Int) throws(FileFailure) -> [UInt8] {
    let count = Int(min(Int64(count), max(length - offset, 0)))
    return try read([offset..<offset + Int64(count)][...], count: count)
  }

  /// The bytes of several parts, one after the other.
  ///
  /// - Parameters:
  ///   - ranges: The parts.
  ///   - count: How many bytes they have in all.
  package func read(_ ranges: ArraySlice<Range<Int64>>, count: Int) throws(FileFailure) -> [UInt8] {
    var code: CInt?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      for range in ranges {
        var offset = range.lowerBound
        while offset < range.upperBound, filled < count {
          let room = min(Int(range.upperBound - offset), count - filled)
          let got = pread(descriptor, buffer.baseAddress.map { $0 + filled }, room, off_t(offset))
          if got < 0, errno == EINTR { continue }
          guard got > 0 else {
            code = got < 0 ? errno : 0
            return
          }
          filled += got
          offset += Int64(got)
        }
      }
    }
    switch code {
    case nil: return bytes
    case 0: throw FileFailure(path: path, reason: "changed while it was being read: it had \(length) bytes")
    case let code?: throw FileFailure(path: path, action: "read", code: code)
    }
  }
}
