// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels
internal import OpenAIBatchTransport

extension BatchClient {
  /// Downloads a file's content to disk, whole or not at all.
  ///
  /// The bytes go to `path.partial` first, readable by the user alone; the name appears when all have arrived,
  /// were checked against the length that the service gives for the file, and are on the disk. A process that
  /// is killed leaves the partial file behind. The next download to the same path starts over, because
  /// nothing proves which file the partial data belongs to.
  ///
  /// - Parameters:
  ///   - id: The file.
  ///   - path: Where to put it.
  ///   - overwriting: Whether an existing file is replaced; without it, it is an error of kind `file`. A folder
  ///     or a device never is.
  ///   - progress: Told after each piece that was written. It must return soon.
  ///   - options: What the calls do differently.
  /// - Returns: The number of bytes.
  /// - Throws: ``BatchClientError``: kind `file` for what the disk refuses, `malformedResponse` for a content of
  ///   another length than the service says, `notEnded` for a file that the service is still writing.
  @discardableResult
  public func downloadFile(
    _ id: FileID, to path: String, overwriting: Bool = false,
    progress: @escaping @Sendable (TransferProgress) -> Void = { _ in },
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> Int {
    if !overwriting, OutputFile.exists(path) {
      throw BatchClientError(
        .file, operation: "downloadFile",
        "\(path) exists already. Remove it, choose another name, or overwrite it.")
    }
    do {
      _ = try id.encoded(for: "downloadFile")
      let file = try OutputFile(replacing: path)
      let count = try await download(id, takesIncomplete: false, progress, options) { try file.write($0) }
      try file.commit(replacing: overwriting)
      return count
    } catch let failure as FileFailure {
      throw BatchClientError(failure, operation: "downloadFile")
    } catch let error as BatchClientError {
      throw error
    } catch {
      throw BatchClientError(.file, operation: "downloadFile", "\(error)", underlying: error)
    }
  }

  /// Downloads a file's content to a closure, piece by piece.
  ///
  /// ```swift
  /// try await client.downloadFile(file.id) { chunk in try await sink.write(chunk) }
  /// ```
  ///
  /// - Parameters:
  ///   - id: The file.
  ///   - progress: Told after each piece that was consumed. It must return soon.
  ///   - options: What the calls do differently.
  ///   - consume: Takes the next bytes, never none. The download waits for it.
  /// - Returns: The number of bytes.
  /// - Throws: ``BatchClientError``, also when `consume` has had all bytes: of kind `malformedResponse` when the
  ///   service says another length. Or whatever `consume` throws, which ends the download.
  @discardableResult
  nonisolated(nonsending) public func downloadFile(
    _ id: FileID, progress: @escaping @Sendable (TransferProgress) -> Void = { _ in },
    options: CallOptions = CallOptions(), to consume: (ArraySlice<UInt8>) async throws -> Void
  ) async throws -> Int {
    try await download(id, takesIncomplete: true, progress, options, consume)
  }

  nonisolated(nonsending) private func download(
    _ id: FileID, takesIncomplete: Bool, _ progress: @Sendable (TransferProgress) -> Void,
    _ options: CallOptions, _ consume: (ArraySlice<UInt8>) async throws -> Void
  ) async throws -> Int {
    // Asked first, because a file that has just been read in full may be deleted by its expiry.
    let expected = try await expectedLength(of: id, options)
    var count = 0
    var content = content(of: id, options: options)
    content.takesIncomplete = takesIncomplete
    var chunks = content.makeAsyncIterator()
    while let chunk = try await chunks.next(isolation: #isolation) {
      count += chunk.count
      // What is still written is longer than it was when it was asked about.
      if let expected, count > expected, !chunks.isIncomplete { break }
      try await consume(chunk)
      progress(TransferProgress(bytes: count, total: expected ?? chunks.total.map(Int.init)))
    }
    if let expected, expected != count, !chunks.isIncomplete {
      throw BatchClientError(
        .malformedResponse, operation: "downloadFile",
        "The file \(id) has \(expected) bytes, and \(count) arrived; nothing of it can be trusted.")
    }
    return count
  }

  /// The length that the service gives for a file; `nil` where a provider has no file objects for results, or
  /// gives none.
  private func expectedLength(of id: FileID, _ options: CallOptions) async throws(BatchClientError) -> Int? {
    do throws(BatchClientError) {
      let bytes = try await retrieveFile(id, options: options).bytes
      return bytes > 0 ? bytes : nil
    } catch  where error.kind == .notFound || error.kind == .rejected || error.kind == .malformedResponse {
      return nil
    }
  }
}
