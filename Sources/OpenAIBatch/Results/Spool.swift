// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Bytes on disk that nobody else sees: a temporary file without a name, gone with this value or the process.
struct Spool: ~Copyable {
  private let folder: String
  private let descriptor: CInt
  /// What is not on disk yet.
  private var buffer: [UInt8] = []
  private var flushed: Int64 = 0
  /// What was read last, and from where.
  private var window: ArraySlice<UInt8> = []
  private var windowStart: Int64 = 0

  private static let bufferLength = 256 << 10
  /// The least that is read at once: records that were added together are read together.
  private static let windowLength = 4 << 10

  /// Creates the file in the first folder that takes it.
  init(folders: [String] = TemporaryPath.folders) throws(BatchClientError) {
    var code = ENOENT
    for folder in folders {
      let path = "\(folder)/\(TemporaryPath.name("openai-batch"))"
      let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      if descriptor >= 0 {
        unlink(path)
        self.folder = folder
        self.descriptor = descriptor
        return
      }
      code = errno
    }
    throw Self.failure(FileFailure(path: Self.name(folders.last ?? ""), action: "create", code: code))
  }

  deinit {
    close(descriptor)
  }

  /// How many bytes were added.
  var length: Int64 { flushed + Int64(buffer.count) }

  /// Adds bytes at the end.
  mutating func append(_ bytes: some Sequence<UInt8>) {
    buffer.append(contentsOf: bytes)
  }

  /// Adds a number in four bytes.
  mutating func append(_ number: UInt32) {
    for shift in stride(from: 0, to: 32, by: 8) { buffer.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  /// Ends a record: what was added since the last one is read as one piece.
  mutating func endRecord() throws(BatchClientError) {
    guard buffer.count >= Self.bufferLength else { return }
    do throws(FileFailure) {
      try buffer[...].write(to: descriptor, path: Self.name(folder))
    } catch {
      throw Self.failure(error)
    }
    flushed += Int64(buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Reads bytes of one record.
  mutating func read(at offset: Int64, count: Int) throws(BatchClientError) -> ArraySlice<UInt8> {
    if offset >= flushed {
      let start = Int(offset - flushed)
      return buffer[start..<start + count]
    }
    if offset < windowStart || offset + Int64(count) > windowStart + Int64(window.count) {
      window = try load(at: offset, count: count)
      windowStart = offset
    }
    let start = Int(offset - windowStart)
    return window[start..<start + count]
  }

  /// Reads at least `count` bytes.
  private func load(at offset: Int64, count: Int) throws(BatchClientError) -> ArraySlice<UInt8> {
    var code: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: max(count, Self.windowLength)) { buffer, filled in
      while filled < count {
        let read = pread(
          descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled,
          off_t(offset) + off_t(filled))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else {
          code = read < 0 ? errno : EIO
          return
        }
        filled += read
      }
    }
    guard code == 0 else {
      throw Self.failure(FileFailure(path: Self.name(folder), action: "read", code: code))
    }
    return bytes[...]
  }

  private static func name(_ folder: String) -> String {
    "The temporary file for results in \(folder) (TMPDIR names another folder)"
  }

  private static func failure(_ failure: FileFailure) -> BatchClientError {
    BatchClientError(failure, operation: "results")
  }
}
