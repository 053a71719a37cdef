// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels
internal import OpenAIBatchTransport

extension BatchClient {
  /// Uploads a file from disk, streamed: `POST /files`, or in parts where it is too long for that.
  ///
  /// An upload whose answer is lost is sent again whole. The lost one may have left a file on the service, which
  /// stays there, as nothing proves that it is not another process's, and so may an upload that fails:
  /// ``planCleanup(olderThan:collected:unused:options:)`` finds it. Each request may take two minutes and a
  /// second more for each 128 KiB, unless `options` say how long the call may take.
  ///
  /// - Parameters:
  ///   - path: A regular file. It must not change until it is uploaded.
  ///   - name: The file name to send to the service; by default its own.
  ///   - purpose: What it is for; `batch` files must end in `.jsonl`, and get that ending if they lack it.
  ///   - expiresAfter: When the service deletes it; 30 days for `batch` files if not given.
  ///   - method: In how many requests it travels.
  ///   - progress: Told after each piece, of 1 MiB at most, that was handed to the transport, which may be well
  ///     ahead of the network. It must return soon.
  ///   - options: What this call does differently.
  /// - Throws: ``BatchClientError``: kind `file` for a file that cannot be read or changes, `invalidRequest` for
  ///   one over the configuration's ``BatchClient/Configuration/uploadLimits``; then nothing was sent.
  public func uploadFile(
    at path: String, named name: String? = nil, purpose: FilePurpose = .batch,
    expiresAfter: FileExpiration? = nil, method: UploadMethod = .automatic,
    progress: @escaping @Sendable (TransferProgress) -> Void = { _ in },
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> FileObject {
    let source: UploadSource
    do throws(FileFailure) {
      source = try UploadSource(path: path)
    } catch {
      throw BatchClientError(error, operation: "uploadFile")
    }
    let name = name ?? path.split(separator: "/").last.map(String.init) ?? "requests.jsonl"
    return try await FileUpload(
      source, named: name, purpose, expiresAfter, method, progress, client: self, options
    ).run()
  }

  /// Uploads a file as it was checked.
  ///
  /// - Throws: ``BatchClientError``: kind `file` when it is not as it was; then nothing was sent.
  package func uploadFile(
    _ file: RequestFile, named name: String
  ) async throws(BatchClientError) -> FileObject {
    try file.requireUnchanged(operation: "uploadFile")
    let source: UploadSource
    do throws(FileFailure) {
      source = try UploadSource(path: file.path, expecting: file.version)
    } catch {
      throw BatchClientError(error, operation: "uploadFile")
    }
    return try await FileUpload(
      source, named: name, .batch, nil, .automatic, { _ in }, client: self, CallOptions()
    ).run()
  }

  /// Uploads bytes: `POST /files`, or in parts where they are too many for that.
  ///
  /// - Parameters:
  ///   - bytes: The file's content.
  ///   - name: The file name to send to the service.
  ///   - purpose: What it is for; `batch` files must end in `.jsonl`, and get that ending if they lack it.
  ///   - expiresAfter: When the service deletes it; 30 days for `batch` files if not given.
  ///   - method: In how many requests they travel.
  ///   - progress: Told after each piece that was handed to the transport. It must return soon.
  ///   - options: What this call does differently.
  public func uploadFile(
    _ bytes: some Sequence<UInt8>, named name: String, purpose: FilePurpose = .batch,
    expiresAfter: FileExpiration? = nil, method: UploadMethod = .automatic,
    progress: @escaping @Sendable (TransferProgress) -> Void = { _ in },
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> FileObject {
    try await FileUpload(
      .bytes(Array(bytes)), named: name, purpose, expiresAfter, method, progress, client: self, options
    ).run()
  }

  /// Writes rows to a private temporary file, checks them, and uploads it.
  ///
  /// - Parameters:
  ///   - rows: No more than `limits`; all for one endpoint and one model.
  ///   - name: The file name to send to the service. By default it has a random part, so that what a lost answer
  ///     leaves behind is known from other uploads, also those of other processes, and deleted.
  ///   - expiresAfter: When the service deletes it; 30 days if not given.
  ///   - limits: What the service takes in one batch: 50,000 rows and 200 MB by default.
  ///   - progress: Told after each piece that was handed to the transport. It must return soon.
  ///   - options: What the upload's call does differently.
  /// - Throws: ``BatchClientError``: kind `invalidRequest` lists what is wrong with the rows; nothing was sent.
  public func uploadRequests(
    _ rows: some Sequence<BatchRequest>, named name: String? = nil, expiresAfter: FileExpiration? = nil,
    limits: RequestFile.Limits = .openAI,
    progress: @escaping @Sendable (TransferProgress) -> Void = { _ in },
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> FileObject {
    let spool = try RowSpool(limits: limits)
    for row in rows {
      if Task.isCancelled { throw .cancelled("uploadRequests") }
      try spool.append(row)
    }
    return try await upload(spool, named: name, limits, expiresAfter, progress, options)
  }

  /// Writes rows to a private temporary file as they come, checks them, and uploads it.
  ///
  /// - Parameters:
  ///   - rows: No more than `limits`; all for one endpoint and one model.
  ///   - name: The file name to send to the service; by default one with a random part.
  ///   - expiresAfter: When the service deletes it; 30 days if not given.
  ///   - limits: What the service takes in one batch: 50,000 rows and 200 MB by default.
  ///   - progress: Told after each piece that was handed to the transport. It must return soon.
  ///   - options: What the upload's call does differently.
  /// - Throws: ``BatchClientError`` as for a sequence, or whatever `rows` throws.
  public func uploadRequests<Rows: AsyncSequence>(
    _ rows: Rows, named name: String? = nil, expiresAfter: FileExpiration? = nil,
    limits: RequestFile.Limits = .openAI,
    progress: @escaping @Sendable (TransferProgress) -> Void = { _ in },
    options: CallOptions = CallOptions()
  ) async throws -> FileObject where Rows.Element == BatchRequest {
    let spool = try RowSpool(limits: limits)
    for try await row in rows {
      if Task.isCancelled { throw BatchClientError.cancelled("uploadRequests") }
      try spool.append(row)
    }
    return try await upload(spool, named: name, limits, expiresAfter, progress, options)
  }

  private func upload(
    _ spool: RowSpool, named name: String?, _ limits: RequestFile.Limits, _ expiresAfter: FileExpiration?,
    _ progress: @escaping @Sendable (TransferProgress) -> Void, _ options: CallOptions
  ) async throws(BatchClientError) -> FileObject {
    // The file goes with the spool.
    defer { withExtendedLifetime(spool) {} }
    let path = try spool.finish()
    try RequestFile(checking: path, limits: limits).requireValid(
      operation: "uploadRequests", named: name ?? "requests.jsonl")
    let source: UploadSource
    do throws(FileFailure) {
      source = try UploadSource(path: path)
    } catch {
      throw BatchClientError(error, operation: "uploadRequests")
    }
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    return try await FileUpload(
      source, named: name ?? "requests-\(random).jsonl", isNameRandom: name == nil, .batch, expiresAfter,
      .automatic, progress, client: self, options
    ).run()
  }
}
