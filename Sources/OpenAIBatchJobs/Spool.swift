// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Bytes on disk that nobody else sees: a temporary file without a name, gone with this object or the process.
final class Spool: Sendable {
  private let path: String
  private let descriptor: CInt
  private struct State {
    var buffer: [UInt8] = []
    var flushed: Int64 = 0
  }
  private let state = Mutex(State())
  private static let bufferLength = 256 << 10

  init() throws(FileFailure) {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? ""
    path =
      "\(folder.isEmpty ? "/tmp" : folder)/openai-batch-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFailure(path: path, action: "create", code: errno) }
    unlink(path)
  }

  deinit {
    close(descriptor)
  }

  /// Adds bytes at the end.
  ///
  /// - Returns: Where they begin.
  func append(_ bytes: ArraySlice<UInt8>) throws(FileFailure) -> Int64 {
    try state.withLock { state throws(FileFailure) in
      let offset = state.flushed + Int64(state.buffer.count)
      state.buffer += bytes
      if state.buffer.count >= Self.bufferLength { try flush(&state) }
      return offset
    }
  }

  /// Reads bytes that were added.
  func read(at offset: Int64, count: Int) throws(FileFailure) -> [UInt8] {
    try state.withLock { state throws(FileFailure) in try flush(&state) }
    var code: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let read = pread(
          descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + off_t(filled))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else {
          code = read < 0 ? errno : EIO
          return
        }
        filled += read
      }
    }
    guard code == 0 else { throw FileFailure(path: path, action: "read", code: code) }
    return bytes
  }

  private func flush(_ state: inout State) throws(FileFailure) {
    try state.buffer[...].write(to: descriptor, path: path)
    state.flushed += Int64(state.buffer.count)
    state.buffer.removeAll(keepingCapacity: true)
  }
}
