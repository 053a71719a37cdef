// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// The files that the service knows. Bytes are on disk, everything else in memory.
final class FileStore: Sendable {
  /// One file as the service shows it.
  struct Entry: Sendable {
    let id: String
    let filename: String
    let purpose: String
    /// Seconds since 1970.
    let createdAt: Int
    /// Seconds since 1970; `nil` for a file that stays until it is deleted.
    let expiresAt: Int?
    let content: StoredFile

    func isExpired(at seconds: Int) -> Bool { expiresAt.map { $0 <= seconds } ?? false }
  }

  private let parent: String?
  private let state = Mutex(State())

  private struct State {
    var folder: PrivateFolder?
    var files = CursorList<Entry>()
  }

  /// - Parameter parent: Where the private folder is made, at the first write.
  init(parent: String?) {
    self.parent = parent
  }

  /// Starts a file that is not listed until it is added.
  func makeSink(name: String) throws(FileFailure) -> FileSink {
    let folder = try state.withLock { state throws(FileFailure) in
      if let folder = state.folder { return folder }
      let folder = try PrivateFolder(in: parent)
      state.folder = folder
      return folder
    }
    return try FileSink(name: name, in: folder)
  }

  /// Lists a file, and forgets those that have expired.
  func add(_ entry: Entry) {
    state.withLock { state in
      for (id, file) in state.files.all where file.isExpired(at: entry.createdAt) { state.files.remove(id) }
      state.files.append(entry, id: entry.id)
    }
  }

  /// The file with this id, unless it is deleted or expired.
  func file(_ id: String, at seconds: Int) -> Entry? {
    state.withLock { state in
      guard let entry = state.files[id] else { return nil }
      guard entry.isExpired(at: seconds) else { return entry }
      state.files.remove(id)
      return nil
    }
  }

  func remove(_ id: String) {
    state.withLock { _ = $0.files.remove(id) }
  }

  /// A page of files; `nil` when there is none with the id `cursor`.
  func page(
    after cursor: String?, limit: Int, newestFirst: Bool, purpose: String?, at seconds: Int
  ) -> CursorList<Entry>.Page? {
    state.withLock { state in
      state.files.page(after: cursor, limit: limit, newestFirst: newestFirst) { entry in
        !entry.isExpired(at: seconds) && (purpose.map { entry.purpose == $0 } ?? true)
      }
    }
  }
}
