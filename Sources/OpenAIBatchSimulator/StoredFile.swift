// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A finished file in the simulator's folder, removed from disk with its last reference: a download or a batch
/// that still reads a deleted file is not disturbed.
final class StoredFile: Sendable {
  let byteCount: Int
  fileprivate let path: String
  private let folder: PrivateFolder

  fileprivate init(path: String, byteCount: Int, folder: PrivateFolder) {
    self.path = path
    self.byteCount = byteCount
    self.folder = folder
  }

  deinit {
    unlink(path)
  }

  func open() throws(FileFailure) -> StoredFileReader {
    try StoredFileReader(self)
  }
}

/// Reads any part of a stored file.
final class StoredFileReader: Sendable {
  let file: StoredFile
  private let descriptor: CInt

  fileprivate init(_ file: StoredFile) throws(FileFailure) {
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(path: file.path, action: "open", code: errno) }
    self.file = file
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// Up to `count` bytes from `offset`; fewer only at the file's end.
  func read(_ count: Int, at offset: Int) throws(FileFailure) -> [UInt8] {
    let wanted = max(min(count, file.byteCount - offset), 0)
    var code: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      while filled < wanted {
        let read = pread(
          descriptor, buffer.baseAddress.map { $0 + filled }, wanted - filled, off_t(offset + filled))
        if read > 0 {
          filled += read
        } else if read == 0 || errno != EINTR {
          code = read == 0 ? EIO : errno
          return
        }
      }
    }
    guard code == 0 else { throw FileFailure(path: file.path, action: "read", code: code) }
    return bytes
  }
}

/// Writes a file of mode 0600 into the simulator's folder. What was written goes away with it unless it is
/// finished.
final class FileSink: Sendable {
  private let path: String
  private let folder: PrivateFolder
  private let state: Mutex<State>
  private static let bufferLength = 256 << 10

  private struct State {
    var descriptor: CInt
    var buffer: [UInt8] = []
    var byteCount = 0
  }

  /// Creates the file `name`, which must not exist.
  init(name: String, in folder: PrivateFolder) throws(FileFailure) {
    path = "\(folder.path)/\(name)"
    self.folder = folder
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFailure(path: path, action: "create", code: errno) }
    state = Mutex(State(descriptor: descriptor))
  }

  deinit {
    state.withLock { state in
      guard state.descriptor >= 0 else { return }
      close(state.descriptor)
      unlink(path)
    }
  }

  /// How many bytes were written.
  var byteCount: Int { state.withLock { $0.byteCount } }

  func write(_ bytes: some Collection<UInt8>) throws(FileFailure) {
    try state.withLock { state throws(FileFailure) in
      state.buffer.append(contentsOf: bytes)
      state.byteCount += bytes.count
      if state.buffer.count >= Self.bufferLength { try flush(&state) }
    }
  }

  /// Closes the file, which stays. Called once, after the last write.
  func finish() throws(FileFailure) -> StoredFile {
    try state.withLock { state throws(FileFailure) in
      try flush(&state)
      close(state.descriptor)
      state.descriptor = -1
      return StoredFile(path: path, byteCount: state.byteCount, folder: folder)
    }
  }

  private func flush(_ state: inout State) throws(FileFailure) {
    var done = 0
    while done < state.buffer.count {
      let written = state.buffer[done...].withUnsafeBytes { bytes in
        #if canImport(Darwin)
        Darwin.write(state.descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Glibc)
        Glibc.write(state.descriptor, bytes.baseAddress, bytes.count)
        #else
        Musl.write(state.descriptor, bytes.baseAddress, bytes.count)
        #endif
      }
      if written >= 0 {
        done += written
      } else if errno != EINTR {
        throw FileFailure(path: path, action: "write", code: errno)
      }
    }
    state.buffer.removeAll(keepingCapacity: true)
  }
}
