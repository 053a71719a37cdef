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

/// A regular file, or a part of one, read in pieces of 128 KiB.
///
/// A file whose length or time of change is another at the end than it was when it was opened was changed while
/// it was read, and reading fails.
public final class FileBytes: RequestBodyReader {
  /// The whole file's length in bytes when it was opened.
  public var length: Int64 { version.length }
  /// The state in which the file was opened.
  package var version: FileVersion { file.version }
  private let file: OpenFile
  private let end: Int64
  private let state: Mutex<State>

  private struct State {
    /// Where the next piece begins.
    var position: Int64
    /// Those of the pieces before it: as many as are under way at once in an upload, and some.
    var given = GivenBuffers(most: 10)
  }

  private static let pieceLength = 128 << 10

  /// Opens the regular file at `path`.
  ///
  /// - Throws: ``FileFailure`` when it cannot be opened or is not a regular file.
  public convenience init(path: String) throws(FileFailure) {
    // Read to where the file really ends, which is another place if it has grown.
    try self.init(path: path, range: 0..<Int64.max)
  }

  /// Opens a part of the regular file at `path`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - range: Which of its bytes to read.
  ///   - version: The state in which the file must be; any if `nil`.
  package init(path: String, range: Range<Int64>, expecting version: FileVersion? = nil) throws(FileFailure) {
    file = try OpenFile(reading: path)
    if let version, version != file.version { throw .changed(path, version) }
    end = range.upperBound
    state = Mutex(State(position: range.lowerBound))
  }

  /// The next piece of the file; `nil` at its end.
  public func next() throws(FileFailure) -> ArraySlice<UInt8>? {
    var (start, buffer) = state.withLock { ($0.position, $0.given.takeOldest() ?? []) }
    let wanted = Int(min(Int64(Self.pieceLength), end - start))
    if buffer.count < wanted {
      // A byte more than is expected, to see that there is none.
      buffer = Array(repeating: 0, count: Int(min(Int64(wanted), max(length - start, 0) + 1)))
    }
    let count = try file.read(into: &buffer, upTo: wanted, at: start)
    let stop = start + Int64(count)
    state.withLock { state in
      state.position = stop
      if buffer.count == Self.pieceLength { state.given.keep(buffer) }
    }
    if stop > length || (count == 0 && stop < min(end, length)) { throw .changed(file.path, version) }
    guard count == 0 else { return buffer[..<count] }
    guard file.currentVersion == version else { throw .changed(file.path, version) }
    return nil
  }

  /// The length of the regular file at `path`, or `nil` when there is none.
  static func length(of path: String) -> Int64? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int64(status.st_size)
  }
}

/// The state of a file: another one after a change.
package struct FileVersion: Sendable, Hashable {
  /// The length in bytes.
  package let length: Int64
  private let device: UInt64
  private let number: UInt64
  /// When the content changed last.
  private let seconds: Int
  private let nanoseconds: Int

  /// The state of an open file; `nil` for what is not a regular file.
  init?(_ descriptor: CInt) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// The state of the file at a path, which links lead to; `nil` for what is not a regular file.
  package init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  private init?(_ status: stat) {
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    length = Int64(status.st_size)
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
    #if canImport(Darwin)
    let time = status.st_mtimespec
    #else
    let time = status.st_mtim
    #endif
    seconds = Int(time.tv_sec)
    nanoseconds = Int(time.tv_nsec)
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

  package static func changed(_ path: String, _ version: FileVersion) -> FileFailure {
    FileFailure(path: path, reason: "changed while it was being read: it had \(version.length) bytes")
  }

  /// The path and the reason.
  public var description: String { "\(path): \(reason)" }
}
