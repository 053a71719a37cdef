// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A regular file, read and written at any place in it, and closed with its last reference.
///
/// What a signal interrupts is done again, and what the system does in part is done to the end.
package final class OpenFile: Sendable {
  /// What errors call it.
  package let path: String
  /// Its state when it was opened.
  package let version: FileVersion
  private let descriptor: CInt

  /// Opens a file for reading.
  ///
  /// - Throws: ``FileFailure`` when it cannot be opened or is not a regular file.
  package convenience init(reading path: String) throws(FileFailure) {
    // Opening a pipe would else wait for a writer.
    try self.init(path, O_RDONLY | O_NONBLOCK, to: "open", called: path)
  }

  /// Creates a file that was not there, for this user alone, for reading and writing.
  ///
  /// - Parameters:
  ///   - path: Where to create it.
  ///   - name: What errors call it; its path if `nil`.
  package convenience init(creating path: String, called name: String? = nil) throws(FileFailure) {
    try self.init(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, to: "create", called: name ?? path)
  }

  /// Creates a file that nobody else sees: without a name, and gone with its last reference or the process.
  ///
  /// - Parameters:
  ///   - folder: Where to create it.
  ///   - name: What errors call it; the path that it had if `nil`.
  package convenience init(temporaryIn folder: String, called name: String? = nil) throws(FileFailure) {
    let path = "\(folder)/\(TemporaryPath.name("openai-batch"))"
    try self.init(creating: path, called: name)
    unlink(path)
  }

  private init(_ path: String, _ flags: CInt, to action: String, called name: String) throws(FileFailure) {
    let descriptor = open(path, flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFailure(path: name, action: action, code: errno) }
    guard let version = FileVersion(descriptor) else {
      close(descriptor)
      throw FileFailure(path: name, reason: "is not a regular file")
    }
    self.path = name
    self.version = version
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// Its state now; `nil` when that cannot be told.
  package var currentVersion: FileVersion? { FileVersion(descriptor) }

  /// Reads once, to the beginning of a buffer.
  ///
  /// - Returns: How many bytes were read, at most `limit`: 0 at the file's end.
  package func read(
    into buffer: inout [UInt8], upTo limit: Int, at offset: Int64
  ) throws(FileFailure) -> Int {
    let outcome = buffer.withUnsafeMutableBytes { read(into: .init(rebasing: $0.prefix(limit)), at: offset) }
    return try outcome.get()
  }

  /// At most `count` bytes from `offset` on; fewer at the file's end only.
  package func read(at offset: Int64, count: Int) throws(FileFailure) -> [UInt8] {
    try read([offset..<offset + Int64(count)], count: count)
  }

  /// The bytes of several parts, one after the other; fewer when the file ends in one of them.
  ///
  /// - Parameters:
  ///   - parts: The parts.
  ///   - count: How many bytes they have in all.
  package func read(_ parts: ArraySlice<Range<Int64>>, count: Int) throws(FileFailure) -> [UInt8] {
    var outcome = Result<Int, FileFailure>.success(0)
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      for part in parts {
        let end = filled + part.count
        while filled < end {
          let rest = UnsafeMutableBufferPointer(rebasing: buffer[filled..<end])
          outcome = read(into: .init(rest), at: part.upperBound - Int64(rest.count))
          guard case .success(let count) = outcome, count > 0 else { return }
          filled += count
        }
      }
    }
    _ = try outcome.get()
    return bytes
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Result<Int, FileFailure>
  {
    while true {
      let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
      if count >= 0 { return .success(count) }
      if errno != EINTR { return .failure(FileFailure(path: path, action: "read", code: errno)) }
    }
  }

  /// Writes all bytes at a place.
  package func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) throws(FileFailure) {
    var (rest, offset) = (bytes, offset)
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw FileFailure(path: path, action: "write", code: count < 0 ? errno : ENOSPC)
      }
      rest = rest.dropFirst(count)
      offset += Int64(count)
    }
  }
}
