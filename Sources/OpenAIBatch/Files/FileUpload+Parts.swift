// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels
internal import OpenAIBatchTransport

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The id of an upload in parts.
struct UploadID: OpenEnum {
  let rawValue: String
}

/// What the service says of an upload in parts.
struct PartedUpload: JSONReadable, Sendable {
  let id: UploadID
  let createdAt: Date?
  let file: FileObject?

  private enum CodingKeys: String, CodingKey {
    case id, file
    case createdAt = "created_at"
  }

  init(from decoder: any Decoder) throws { try self.init(reading: decoder) }

  init(_ json: JSONView) throws(JSONMisfit) {
    var members = try Members(of: json, by: CodingKeys.self)
    id = UploadID(try members.id(.id))
    createdAt = try? members.timestamp(.createdAt)
    file = try members[.file].map { file throws(JSONMisfit) in try FileObject(file) }
  }
}

/// A part that has arrived.
struct UploadPart: JSONReadable, Sendable {
  let id: String

  private enum CodingKeys: String, CodingKey { case id }

  init(from decoder: any Decoder) throws { try self.init(reading: decoder) }

  init(_ json: JSONView) throws(JSONMisfit) {
    var members = try Members(of: json, by: CodingKeys.self)
    id = try members.id(.id)
  }
}

extension FileUpload {
  /// Uploads the file in parts, several at once: `POST /uploads` and what belongs to it. An upload that comes to
  /// nothing is cancelled; the service forgets one that was lost after an hour.
  func sendParts() async throws(BatchClientError) -> FileObject {
    let request = UploadRequest(
      bytes: source.length, filename: filename, mimeType: mimeType, purpose: spelledPurpose,
      expiresAfter: expiresAfter)
    let upload = try await client.perform(.createUpload(request), options, until: deadline)
    do throws(BatchClientError) {
      let parts = try await sendParts(of: upload.id)
      do throws(FileFailure) {
        try source.checkUnchanged()
      } catch {
        throw BatchClientError(error, operation: "uploadFile")
      }
      return try await complete(upload, parts)
    } catch {
      await cancel(upload.id)
      throw error
    }
  }

  private var mimeType: String {
    filename.lowercased().hasSuffix(".jsonl") ? "application/jsonl" : "application/octet-stream"
  }

  /// Sends all parts; the first failure ends those that are under way.
  private func sendParts(of id: UploadID) async throws(BatchClientError) -> [String] {
    let (length, atOnce) = partition
    let count = Int((source.length - 1) / length) + 1
    do {
      return try await withThrowingTaskGroup(of: (Int, String).self) { group in
        var ids = [String](repeating: "", count: count)
        for number in 0..<count {
          if number >= atOnce, let (done, part) = try await group.next() { ids[done] = part }
          let start = Int64(number) * length
          let range = start..<min(start + length, source.length)
          group.addTask { (number, try await send(number, range, of: id)) }
        }
        for try await (done, part) in group { ids[done] = part }
        return ids
      }
    } catch let error as BatchClientError {
      throw error
    } catch {
      throw .cancelled("uploadFile")
    }
  }

  private func send(_ number: Int, _ range: Range<Int64>, of id: UploadID) async throws(BatchClientError)
    -> String
  {
    let form = MultipartForm(
      fields: extraFields, fileField: "data", filename: "part-\(number + 1)",
      file: meter.body(source.body(range), part: number))
    return try await client.perform(.addUploadPart(id, form), options, until: deadline).id
  }

  private var partition: (length: Int64, atOnce: Int) {
    let limits = client.configuration.uploadLimits
    guard case .parts(let length, let atOnce) = method.form else { return (Int64(limits.part), 4) }
    return (Int64(length), atOnce)
  }

  /// Makes the parts a file. When the answer was lost and a second request is refused, the first one worked; as
  /// there is no way to ask about an upload, its file is looked for, if its name proves that it is ours.
  private func complete(_ upload: PartedUpload, _ parts: [String]) async throws(BatchClientError)
    -> FileObject
  {
    do throws(BatchClientError) {
      let done = try await client.perform(
        .completeUpload(upload.id, parts: parts), options, until: deadline)
      if let file = done.file { return file }
      throw BatchClientError(
        .malformedResponse, operation: "completeUpload", "The completed upload names no file.", attempts: 1)
    } catch {
      guard isNameRandom, error.isOutcomeUnknown, let status = error.status, 400..<500 ~= status,
        let since = upload.createdAt
      else { throw error }
      let found = try? await likenesses(since: since, asideOptions(), until: limit())
      // Of two, one is another's.
      guard let found, let file = found.first, found.count == 1 else { throw error }
      return file
    }
  }

  /// Best effort, and also when the task is cancelled.
  private func cancel(_ id: UploadID) async {
    let aside = asideOptions()
    let until = client.configuration.clock.now().advanced(by: .seconds(10))
    await Task {
      _ = try? await client.perform(.cancelUpload(id), aside, until: until)
    }.value
  }
}

private struct UploadRequest: Encodable {
  let bytes: Int64
  let filename: String
  let mimeType: String
  let purpose: FilePurpose
  let expiresAfter: FileExpiration?

  private enum CodingKeys: String, CodingKey {
    case bytes, filename, purpose
    case mimeType = "mime_type"
    case expiresAfter = "expires_after"
  }
}

extension BatchOperation where Output == PartedUpload {
  /// An upload that is lost takes no space for long, so another one does no harm.
  fileprivate static func createUpload(_ request: UploadRequest) throws(BatchClientError) -> Self {
    Self("createUpload", effect: .duplicable, .post, "/uploads", json: try encoded(request, "createUpload"))
  }

  static func completeUpload(_ id: UploadID, parts: [String]) throws(BatchClientError) -> Self {
    let name = "completeUpload"
    return Self(
      name, effect: .idempotent, .post, "/uploads/\(try id.encoded(for: name))/complete",
      json: try encoded(["part_ids": parts], name))
  }

  static func cancelUpload(_ id: UploadID) throws(BatchClientError) -> Self {
    let name = "cancelUpload"
    return Self(name, effect: .idempotent, .post, "/uploads/\(try id.encoded(for: name))/cancel")
  }

  private static func encoded(_ value: some Encodable, _ operation: String) throws(BatchClientError)
    -> [UInt8]
  {
    do throws(JSONFailure) {
      return try JSONText.encode(value)
    } catch {
      throw BatchClientError(.invalidRequest, operation: operation, "\(error)", underlying: error)
    }
  }
}

extension BatchOperation where Output == UploadPart {
  /// A part that is sent twice counts once: only those that completing names are taken.
  static func addUploadPart(_ id: UploadID, _ form: MultipartForm) throws(BatchClientError) -> Self {
    let name = "addUploadPart"
    return Self(
      name: name, effect: .duplicable, method: .post, path: "/uploads/\(try id.encoded(for: name))/parts",
      body: form.body, contentType: form.contentType, isTransfer: true,
      decode: { bytes throws(JSONFailure) in try UploadPart(parsing: bytes[...]) })
  }
}

extension UploadID {
  fileprivate func encoded(for operation: String) throws(BatchClientError) -> String {
    do throws(InvalidParameter) {
      return try PathSegment.id(self, named: "upload_id")
    } catch {
      throw BatchClientError(error, operation: operation)
    }
  }
}
