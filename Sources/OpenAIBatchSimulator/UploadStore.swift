// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// The uploads in parts that the service knows.
final class UploadStore: Sendable {
  enum Status: String, Sendable {
    case pending, completing, completed, cancelled, expired
  }

  /// One upload.
  struct Entry: Sendable {
    let id: String
    let declared: UploadDeclaration
    /// Seconds since 1970.
    let createdAt: Int
    var status = Status.pending
    var parts: [String: StoredFile] = [:]
    /// The file that came of it, as the service shows it.
    var file = JSONNode.null

    /// An hour after it was made, an upload that is still pending is forgotten.
    var expiresAt: Int { createdAt + 3600 }

    var json: JSONNode {
      [
        "id": .string(id), "object": "upload", "bytes": .int(declared.bytes), "created_at": .int(createdAt),
        "filename": .string(declared.filename), "purpose": .string(declared.purpose),
        "status": .string(status == .completing ? "pending" : status.rawValue),
        "expires_at": .int(expiresAt), "file": file,
      ]
    }
  }

  private let entries = Mutex<[String: Entry]>([:])

  /// Adds an upload, and forgets the parts of those that have expired.
  func add(_ entry: Entry) {
    entries.withLock { entries in
      for id in entries.keys { entries[id]?.expire(at: entry.createdAt) }
      entries[entry.id] = entry
    }
  }

  /// Changes an upload that is pending.
  func change<Value>(
    _ id: String, at seconds: Int, _ body: (inout Entry) throws(ServiceError) -> Value
  ) throws(ServiceError) -> Value {
    try entries.withLock { entries throws(ServiceError) in
      guard var entry = entries[id] else { throw .noUpload(id) }
      entry.expire(at: seconds)
      guard entry.status == .pending else {
        throw ServiceError(message: "Upload \(id) is not pending: its status is '\(entry.status.rawValue)'.")
      }
      let value = try body(&entry)
      entries[id] = entry
      return value
    }
  }

  /// Ends the completing of an upload.
  func finish(_ id: String, _ body: (inout Entry) -> Void) -> JSONNode {
    entries.withLock { entries in
      guard var entry = entries[id] else { return .null }
      body(&entry)
      entries[id] = entry
      return entry.json
    }
  }
}

extension UploadStore.Entry {
  fileprivate mutating func expire(at seconds: Int) {
    guard status == .pending, expiresAt <= seconds else { return }
    status = .expired
    parts = [:]
  }
}
