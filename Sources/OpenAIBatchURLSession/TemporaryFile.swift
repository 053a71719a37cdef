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

/// A private file (mode 0600) that is gone when its last reference is.
final class TemporaryFile: Sendable {
  /// Where the file is, or was before it was unlinked.
  let path: String
  private let descriptor: CInt
  private let isLinked: Bool

  /// Creates an empty file.
  ///
  /// - Parameters:
  ///   - directory: Where to create it.
  ///   - keepsName: Whether others must be able to open it by its path. Without a name it disappears even
  ///     when the process is killed.
  init(in directory: String, keepsName: Bool) throws(FileFailure) {
    let name = "openai-batch-" + String(UInt64.random(in: .min ... .max), radix: 36)
    path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    isLinked = keepsName
    guard descriptor >= 0 else { throw FileFailure(path: path, action: "create", code: errno) }
    if !keepsName { unlink(path) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    if isLinked { unlink(path) }
    close(descriptor)
  }

  /// Writes all of `bytes` at `offset`.
  func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) throws(FileFailure) {
    var rest = bytes
    var offset = offset
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

  /// Reads at most `limit` bytes at `offset`; empty at the end.
  func read(upTo limit: Int, at offset: Int64) throws(FileFailure) -> [UInt8] {
    var code: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      var received: Int
      repeat {
        received = pread(descriptor, buffer.baseAddress, limit, off_t(offset))
      } while received < 0 && errno == EINTR
      if received < 0 { code = errno }
      count = max(received, 0)
    }
    guard code == 0 else { throw FileFailure(path: path, action: "read", code: code) }
    return bytes
  }
}
