// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchMiddleware
public import OpenAIBatchModels
public import OpenAIBatchPagination
internal import OpenAIBatchTransport

/// In which order files are listed.
public enum ListOrder: String, Sendable, Hashable {
  /// Oldest first.
  case ascending = "asc"
  /// Newest first.
  case descending = "desc"
}

extension BatchClient {
  /// Asks about a file: `GET /files/{file_id}`.
  public func retrieveFile(
    _ id: FileID, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> FileObject {
    try await perform(.retrieveFile(id), options)
  }

  /// Deletes a file: `DELETE /files/{file_id}`.
  ///
  /// A file that is gone when a lost answer is asked for again counts as deleted.
  @discardableResult
  public func deleteFile(
    _ id: FileID, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> FileDeletion {
    do throws(BatchClientError) {
      return try await perform(.deleteFile(id), options)
    } catch  where error.kind == .notFound && error.isOutcomeUnknown {
      return FileDeletion(id: id, deleted: true)
    }
  }

  /// Fetches one page of files: `GET /files`.
  ///
  /// - Parameters:
  ///   - after: The id of the last file of the page before.
  ///   - limit: 1…10,000.
  ///   - order: Newest first by default.
  ///   - purpose: Only files for this; all by default.
  ///   - options: What this call does differently.
  public func listFiles(
    after: FileID? = nil, limit: Int = 100, order: ListOrder = .descending, purpose: FilePurpose? = nil,
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> ListFilesResponse {
    let purpose = purpose.map(configuration.provider.purpose)
    return try await perform(.listFiles(after: after, limit: limit, order: order, purpose: purpose), options)
  }

  /// All files, page by page underneath.
  ///
  /// - Parameters:
  ///   - purpose: Only files for this; all by default.
  ///   - after: Where to start: a file's id, or the `next` of a page of an earlier walk.
  ///   - pageSize: 1…10,000.
  ///   - order: Newest first by default.
  ///   - options: What each page's call does differently.
  public func files(
    purpose: FilePurpose? = nil, after: FileID? = nil, pageSize: Int = 1000, order: ListOrder = .descending,
    options: CallOptions = CallOptions()
  ) -> PagedSequence<FileObject, BatchClientError> {
    files(purpose: purpose, after: after, pageSize: pageSize, order: order, .usual, options: options)
  }

  /// All files, where one that is overlooked does harm.
  package func allFiles(purpose: FilePurpose) -> PagedSequence<FileObject, BatchClientError> {
    files(purpose: purpose, after: nil, pageSize: 1000, order: .descending, .thorough, options: CallOptions())
  }

  private func files(
    purpose: FilePurpose?, after: FileID?, pageSize: Int, order: ListOrder, _ walk: ListWalk,
    options: CallOptions
  ) -> PagedSequence<FileObject, BatchClientError> {
    let purpose = purpose.map(configuration.provider.purpose)
    return PagedSequence(after: after, repeatedCursor: { .repeatedCursor($0.rawValue, "listFiles") }) {
      cursor throws(BatchClientError) in
      let list = try await perform(
        .listFiles(
          after: cursor, limit: pageSize, order: order, purpose: purpose,
          fullPage: walk.fullPage(of: pageSize)), options)
      return try list.page(after: cursor, walk, operation: "listFiles")
    }
  }
}

extension BatchOperation where Output == FileObject {
  static func retrieveFile(_ id: FileID) throws(BatchClientError) -> Self {
    Self("retrieveFile", effect: .safe, .get, "/files/\(try id.encoded(for: "retrieveFile"))")
  }
}

extension BatchOperation where Output == FileDeletion {
  static func deleteFile(_ id: FileID) throws(BatchClientError) -> Self {
    Self(
      name: "deleteFile", effect: .idempotent, method: .delete,
      path: "/files/\(try id.encoded(for: "deleteFile"))",
      decode: { bytes throws(JSONFailure) in
        // As of a 204: it is done, and there is no more to say.
        bytes.isEmpty ? FileDeletion(id: id, deleted: true) : try FileDeletion(parsing: bytes[...])
      })
  }
}

extension BatchOperation where Output == ListFilesResponse {
  /// - Parameter fullPage: How many files let expect more, where the server does not say; by default `limit`.
  static func listFiles(
    after: FileID?, limit: Int, order: ListOrder, purpose: FilePurpose?, fullPage: Int? = nil
  ) throws(BatchClientError) -> Self {
    do throws(InvalidParameter) {
      try InvalidParameter.check(limit, in: 1...10_000, named: "limit")
    } catch {
      throw BatchClientError(error, operation: "listFiles")
    }
    var query: [(name: String, value: String)] = []
    if let after { query.append(("after", after.rawValue)) }
    query += [("limit", "\(limit)"), ("order", order.rawValue)]
    if let purpose { query.append(("purpose", purpose.rawValue)) }
    return Self(
      name: "listFiles", effect: .safe, method: .get, path: "/files", query: query,
      decode: { bytes throws(JSONFailure) in
        ListFilesResponse(try ListEnvelope<FileObject>(parsing: bytes[...]), limit: fullPage ?? limit)
      })
  }
}

extension FileID {
  func encoded(for operation: String) throws(BatchClientError) -> String {
    do throws(InvalidParameter) {
      return try PathSegment.id(self, named: "file_id")
    } catch {
      throw BatchClientError(error, operation: operation)
    }
  }
}
