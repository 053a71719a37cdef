// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchMiddleware
public import OpenAIBatchModels
internal import OpenAIBatchTransport

extension BatchClient {
  /// The largest file that one upload takes, in bytes: 512 MB, as the service documents.
  static let maximumUploadLength: Int64 = 512 * 1024 * 1024

  /// Uploads a file from disk, streamed: `POST /files`.
  ///
  /// - Parameters:
  ///   - path: A regular file. It must not change while it is read.
  ///   - name: The file's name for the service; by default its own.
  ///   - purpose: What it is for; `batch` files must end in `.jsonl`, and get that ending if they lack it.
  ///   - expiresAfter: When the service deletes it; 30 days for `batch` files if not given.
  ///   - options: What this call does differently.
  /// - Throws: ``BatchClientError``: kind `file` for a file that cannot be read or changes.
  public func uploadFile(
    at path: String, named name: String? = nil, purpose: FilePurpose = .batch,
    expiresAfter: FileExpiration? = nil,
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> FileObject {
    let body = RequestBody.file(path)
    do throws(FileFailure) {
      // Opened once before anything is sent, so that a missing file is said at once.
      _ = try FileBytes(path: path)
    } catch {
      throw BatchClientError(error, operation: "uploadFile")
    }
    let name = name ?? path.split(separator: "/").last.map(String.init) ?? "requests.jsonl"
    return try await upload(body, named: name, purpose, expiresAfter, options)
  }

  /// Uploads bytes: `POST /files`.
  ///
  /// - Parameters:
  ///   - bytes: The file's content.
  ///   - name: The file's name for the service.
  ///   - purpose: What it is for; `batch` files must end in `.jsonl`, and get that ending if they lack it.
  ///   - expiresAfter: When the service deletes it; 30 days for `batch` files if not given.
  ///   - options: What this call does differently.
  public func uploadFile(
    _ bytes: some Sequence<UInt8>, named name: String, purpose: FilePurpose = .batch,
    expiresAfter: FileExpiration? = nil, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> FileObject {
    try await upload(.bytes(Array(bytes)), named: name, purpose, expiresAfter, options)
  }

  /// Writes rows to a private temporary file, checks them, and uploads it.
  ///
  /// - Parameters:
  ///   - rows: At most 50,000 rows and 200 MB; all for one endpoint and one model.
  ///   - name: The file's name for the service.
  ///   - expiresAfter: When the service deletes it; 30 days if not given.
  ///   - options: What the upload's call does differently.
  /// - Throws: ``BatchClientError``: kind `invalidRequest` lists what is wrong with the rows; nothing was sent.
  public func uploadRequests(
    _ rows: some Sequence<BatchRequest>, named name: String = "requests.jsonl",
    expiresAfter: FileExpiration? = nil, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> FileObject {
    let spool = try RowSpool()
    for row in rows { try spool.append(row) }
    return try await upload(spool, named: name, expiresAfter, options)
  }

  /// Writes rows to a private temporary file as they come, checks them, and uploads it.
  ///
  /// - Parameters:
  ///   - rows: At most 50,000 rows and 200 MB; all for one endpoint and one model.
  ///   - name: The file's name for the service.
  ///   - expiresAfter: When the service deletes it; 30 days if not given.
  ///   - options: What the upload's call does differently.
  /// - Throws: ``BatchClientError`` as for a sequence, or whatever `rows` throws.
  public func uploadRequests<Rows: AsyncSequence>(
    _ rows: Rows, named name: String = "requests.jsonl", expiresAfter: FileExpiration? = nil,
    options: CallOptions = CallOptions()
  ) async throws -> FileObject where Rows.Element == BatchRequest {
    let spool = try RowSpool()
    for try await row in rows { try spool.append(row) }
    return try await upload(spool, named: name, expiresAfter, options)
  }

  private func upload(
    _ spool: RowSpool, named name: String, _ expiresAfter: FileExpiration?, _ options: CallOptions
  ) async throws(BatchClientError) -> FileObject {
    // The file goes with the spool.
    defer { withExtendedLifetime(spool) {} }
    let path = try spool.finish()
    try RequestFile(checking: path).requireValid(operation: "uploadRequests", named: name)
    return try await upload(.file(path), named: name, .batch, expiresAfter, options)
  }

  private func upload(
    _ file: RequestBody, named name: String, _ purpose: FilePurpose, _ expiresAfter: FileExpiration?,
    _ options: CallOptions
  ) async throws(BatchClientError) -> FileObject {
    do throws(InvalidParameter) {
      try InvalidParameter.check(purpose.rawValue, named: "purpose")
      try expiresAfter?.validate(field: "expires_after")
      if let length = file.length, length > Self.maximumUploadLength {
        throw InvalidParameter(
          field: "file", value: "\(length) bytes long", allowed: "at most \(Self.maximumUploadLength) bytes")
      }
    } catch {
      throw BatchClientError(error, operation: "uploadFile")
    }
    return try await perform(
      .uploadFile(file, named: name, purpose: purpose, expiresAfter: expiresAfter), options)
  }
}

extension BatchOperation where Output == FileObject {
  /// The fields in the order in which the official SDK sends them; the file comes last.
  static func uploadFile(
    _ file: RequestBody, named name: String, purpose: FilePurpose, expiresAfter: FileExpiration?
  ) -> Self {
    var fields = [(name: "purpose", value: purpose.rawValue)]
    if let expiresAfter {
      fields.append(("expires_after[anchor]", expiresAfter.anchor.rawValue))
      fields.append(("expires_after[seconds]", "\(expiresAfter.seconds)"))
    }
    // The service takes batch input only under this ending.
    let filename = purpose == .batch && !name.lowercased().hasSuffix(".jsonl") ? "\(name).jsonl" : name
    let form = MultipartForm(fields: fields, filename: filename, file: file)
    return Self(
      name: "uploadFile", effect: .duplicable, method: .post, path: "/files", body: form.body,
      contentType: form.contentType, isTransfer: true,
      decode: { bytes throws(JSONFailure) in try JSONText.decode(FileObject.self, from: bytes[...]) })
  }
}
