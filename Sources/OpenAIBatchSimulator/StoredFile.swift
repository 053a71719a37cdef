// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

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
    TemporaryPath.remove(path)
  }

  func open() throws(FileFailure) -> StoredFileReader {
    try StoredFileReader(self)
  }
}

/// Reads any part of a stored file.
final class StoredFileReader: Sendable {
  private let stored: StoredFile
  private let file: OpenFile

  fileprivate init(_ stored: StoredFile) throws(FileFailure) {
    self.stored = stored
    file = try OpenFile(reading: stored.path)
  }

  /// Up to `count` bytes from `offset`; fewer only at the file's end.
  func read(_ count: Int, at offset: Int) throws(FileFailure) -> [UInt8] {
    try file.read(at: Int64(offset), count: max(min(count, stored.byteCount - offset), 0))
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
    /// Until it is finished.
    var file: OpenFile?
    var buffer: [UInt8] = []
    var byteCount = 0

    mutating func flush() throws(FileFailure) {
      try file?.write(buffer[...], at: Int64(byteCount - buffer.count))
      buffer.removeAll(keepingCapacity: true)
    }
  }

  /// Creates the file `name`, which must not exist.
  init(name: String, in folder: PrivateFolder) throws(FileFailure) {
    path = "\(folder.path)/\(name)"
    self.folder = folder
    state = Mutex(State(file: try OpenFile(creating: path)))
  }

  deinit {
    if state.withLock({ $0.file != nil }) { TemporaryPath.remove(path) }
  }

  /// How many bytes were written.
  var byteCount: Int { state.withLock { $0.byteCount } }

  func write(_ bytes: some Collection<UInt8>) throws(FileFailure) {
    try state.withLock { state throws(FileFailure) in
      state.buffer.append(contentsOf: bytes)
      state.byteCount += bytes.count
      if state.buffer.count >= Self.bufferLength { try state.flush() }
    }
  }

  /// Closes the file, which stays. Called once, after the last write.
  func finish() throws(FileFailure) -> StoredFile {
    try state.withLock { state throws(FileFailure) in
      try state.flush()
      state.file = nil
      return StoredFile(path: path, byteCount: state.byteCount, folder: folder)
    }
  }
}
