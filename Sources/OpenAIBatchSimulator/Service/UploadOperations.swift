// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes
internal import OpenAIBatchJSON
internal import OpenAIBatchTransport

/// A request for an upload in parts that passed the checks which the service makes at once.
struct UploadDeclaration: Sendable {
  let bytes: Int
  let filename: String
  let purpose: String
  /// In seconds; `nil` for a file that stays until it is deleted.
  let lifetime: Int?

  /// 8 GB: the most bytes of an upload in parts.
  static let maximumLength = 8 << 30

  init(body: [UInt8]) throws(ServiceError) {
    guard let value = try? JSONValue(parsing: body), value.kind == .object else { throw .notJSON }
    filename = try BatchCreation.text("filename", of: value)
    purpose = try BatchCreation.text("purpose", of: value)
    _ = try BatchCreation.text("mime_type", of: value)
    guard let member = value["bytes"], !member.isNull else { throw .missing("bytes") }
    guard let bytes = member.int else { throw .invalidType("bytes", expected: "an integer") }
    guard 0...Self.maximumLength ~= bytes else { throw .outOfRange("bytes", bytes, 0...Self.maximumLength) }
    self.bytes = bytes
    try UploadForm.check(purpose: purpose)
    if purpose == "batch" { try UploadForm.checkBatchFile(named: filename, byteCount: bytes) }
    lifetime = UploadForm.lifetime(
      try BatchCreation.lifetime(value["expires_after"], of: "expires_after"), purpose: purpose)
  }
}

extension SimulatedService {
  func createUpload(_ request: TransportRequest) async throws(RequestFailure) -> ServiceReply {
    let body = try await collect(request.body)
    let declared: UploadDeclaration
    do throws(ServiceError) {
      declared = try UploadDeclaration(body: body)
    } catch {
      throw .service(error)
    }
    let id = "upload_\(withGenerator { $0.hexadecimalID() })"
    let entry = UploadStore.Entry(id: id, declared: declared, createdAt: time.unixSeconds(time.now))
    uploads.add(entry)
    return ServiceReply(entry.json)
  }

  func addUploadPart(_ id: String, _ request: TransportRequest) async throws(RequestFailure) -> ServiceReply {
    let partID = "part_\(withGenerator { $0.hexadecimalID() })"
    let files = files
    var form: UploadForm
    do throws(ServiceError) {
      _ = try uploads.change(id, at: time.unixSeconds(time.now)) { _ in }
      form = try UploadForm(contentType: request.head.headerFields[.contentType], fileField: "data") {
        () throws(FileFailure) in try files.makeSink(name: partID)
      }
    } catch {
      throw .service(error)
    }
    try await read(request.body) { chunk throws(RequestFailure) in
      do throws(ServiceError) {
        try form.take(chunk)
      } catch {
        throw .service(error)
      }
    }
    let now = time.unixSeconds(time.now)
    do throws(ServiceError) {
      let content = try form.finishPart()
      try uploads.change(id, at: now) { $0.parts[partID] = content }
    } catch {
      throw .service(error)
    }
    return ServiceReply([
      "id": .string(partID), "object": "upload.part", "created_at": .int(now), "upload_id": .string(id),
    ])
  }

  /// Joins the parts in the order in which they are named. A checksum is not checked.
  func completeUpload(_ id: String, _ request: TransportRequest) async throws(RequestFailure) -> ServiceReply
  {
    let body = try await collect(request.body)
    let now = time.unixSeconds(time.now)
    let fileID = "file-\(withGenerator { $0.alphanumericID() })"
    do throws(ServiceError) {
      let partIDs = try Self.partIDs(body)
      let (declared, parts) = try uploads.change(id, at: now) { entry throws(ServiceError) in
        let parts = try Self.parts(partIDs, of: entry)
        entry.status = .completing
        return (entry.declared, parts)
      }
      do throws(ServiceError) {
        let file = FileStore.Entry(
          id: fileID, filename: declared.filename, purpose: declared.purpose, createdAt: now,
          expiresAt: declared.lifetime.map { now + $0 }, content: try join(parts, name: fileID))
        if declared.purpose == "batch" { try UploadForm.checkBatchFile(file.content) }
        files.add(file)
        return ServiceReply(
          uploads.finish(id) { entry in
            entry.status = .completed
            entry.file = file.json
            entry.parts = [:]
          })
      } catch {
        _ = uploads.finish(id) { $0.status = .pending }
        throw error
      }
    } catch {
      throw .service(error)
    }
  }

  func cancelUpload(_ id: String) throws(RequestFailure) -> ServiceReply {
    do throws(ServiceError) {
      let json = try uploads.change(id, at: time.unixSeconds(time.now)) { entry in
        entry.status = .cancelled
        entry.parts = [:]
        return entry.json
      }
      return ServiceReply(json)
    } catch {
      throw .service(error)
    }
  }

  private static func partIDs(_ body: [UInt8]) throws(ServiceError) -> [String] {
    guard let value = try? JSONValue(parsing: body), value.kind == .object else { throw .notJSON }
    guard let list = value["part_ids"], !list.isNull else { throw .missing("part_ids") }
    let ids = list.elements.compactMap(\.string)
    guard list.kind == .array, ids.count == list.elements.count else {
      throw .invalidType("part_ids", expected: "an array of strings")
    }
    return ids
  }

  private static func parts(
    _ ids: [String], of entry: UploadStore.Entry
  ) throws(ServiceError) -> [StoredFile] {
    var parts: [StoredFile] = []
    for id in ids {
      guard let part = entry.parts[id] else {
        throw ServiceError(message: "Upload \(entry.id) has no part '\(id)'.", param: "part_ids")
      }
      parts.append(part)
    }
    let sum = parts.reduce(0) { $0 + $1.byteCount }
    guard sum == entry.declared.bytes else {
      throw ServiceError(
        message:
          "The parts have \(sum) bytes together; the upload was declared with \(entry.declared.bytes).",
        param: "part_ids")
    }
    return parts
  }

  private func join(_ parts: [StoredFile], name: String) throws(ServiceError) -> StoredFile {
    do throws(FileFailure) {
      let sink = try files.makeSink(name: name)
      for part in parts {
        let reader = try part.open()
        for start in stride(from: 0, to: part.byteCount, by: 256 << 10) {
          try sink.write(try reader.read(256 << 10, at: start))
        }
      }
      return try sink.finish()
    } catch {
      throw .server("\(error)")
    }
  }
}
