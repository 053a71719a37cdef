// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A regular file read from its start, in pieces of 256 KiB.
///
/// The length is taken when the file is opened; a file that gives fewer or more bytes than that was changed
/// while it was read, and reading fails.
public final class FileBytes: RequestBodyReader {
  /// The file's length in bytes when it was opened.
  public let length: Int64
  private let path: String
  private let descriptor: CInt
  private let position = Mutex<Int64>(0)
  private static let pieceLength = 256 << 10

  /// Opens the regular file at `path`.
  ///
  /// - Throws: ``FileFailure`` when it cannot be opened or is not a regular file.
  public init(path: String) throws(FileFailure) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(path: path, action: "open", code: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileFailure(path: path, reason: "is not a regular file")
    }
    self.path = path
    self.descriptor = descriptor
    self.length = Int64(status.st_size)
  }

  deinit {
    close(descriptor)
  }

  /// The next piece of the file; `nil` at its end.
  public func next() throws(FileFailure) -> ArraySlice<UInt8>? {
    let start = position.withLock { $0 }
    var code: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.pieceLength) { buffer, count in
      var read: Int
      repeat {
        read = pread(descriptor, buffer.baseAddress, Self.pieceLength, off_t(start))
      } while read < 0 && errno == EINTR
      if read < 0 { code = errno }
      count = max(read, 0)
    }
    guard code == 0 else { throw FileFailure(path: path, action: "read", code: code) }
    let end = start + Int64(bytes.count)
    position.withLock { $0 = end }
    if end > length || (bytes.isEmpty && end < length) {
      throw FileFailure(path: path, reason: "changed while it was being read: it had \(length) bytes")
    }
    return bytes.isEmpty ? nil : bytes[...]
  }

  /// The length of the regular file at `path`, or `nil` when there is none.
  static func length(of path: String) -> Int64? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int64(status.st_size)
  }
}

/// A local file that could not be used.
public struct FileFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file's path as it was given.
  public let path: String
  /// What went wrong, in words that follow the path.
  public let reason: String

  /// Creates a failure from words that follow the path.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// Creates a failure from a system call's `errno`.
  public init(path: String, action: String, code: CInt) {
    self.path = path
    self.reason = "cannot \(action): \(String(cString: strerror(code)))"
  }

  /// The path and the reason.
  public var description: String { "\(path): \(reason)" }
}
