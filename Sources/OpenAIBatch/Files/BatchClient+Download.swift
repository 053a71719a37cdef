// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels
internal import OpenAIBatchTransport

extension BatchClient {
  /// Downloads a file's content to disk, whole or not at all.
  ///
  /// The bytes go to `path.partial` first; the name appears when all have arrived, were checked against the
  /// length that the service gives for the file, and are on the disk.
  ///
  /// - Parameters:
  ///   - id: The file.
  ///   - path: Where to put it.
  ///   - overwriting: Whether an existing file is replaced; without it, it is an error of kind `file`. A folder
  ///     or a device never is.
  ///   - options: What the calls do differently.
  /// - Returns: The number of bytes.
  @discardableResult
  public func downloadFile(
    _ id: FileID, to path: String, overwriting: Bool = false, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> Int {
    if !overwriting, OutputFile.exists(path) {
      throw BatchClientError(
        .file, operation: "downloadFile",
        "\(path) exists already. Remove it, choose another name, or overwrite it.")
    }
    do {
      _ = try id.encoded(for: "downloadFile")
      let file = try OutputFile(replacing: path)
      // Asked first, because a file that has just been read in full may be deleted by its expiry.
      let expected = try await expectedLength(of: id, options)
      var count = 0
      for try await chunk in content(of: id, options: options) {
        try file.write(chunk)
        count += chunk.count
      }
      if let expected, expected != count {
        throw BatchClientError(
          .malformedResponse, operation: "downloadFile",
          "The file \(id) has \(expected) bytes, and \(count) arrived; nothing was kept.")
      }
      try file.commit()
      return count
    } catch let failure as FileFailure {
      throw BatchClientError(failure, operation: "downloadFile")
    } catch let error as BatchClientError {
      throw error
    } catch {
      throw BatchClientError(.file, operation: "downloadFile", "\(error)", underlying: error)
    }
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
