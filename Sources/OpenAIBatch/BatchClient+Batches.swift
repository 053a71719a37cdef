// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchMiddleware
public import OpenAIBatchModels
public import OpenAIBatchPagination

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension BatchClient {
  /// Asks how a batch is: `GET /batches/{batch_id}`.
  public func retrieveBatch(
    _ id: BatchID, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> Batch {
    try await perform(.retrieveBatch(id), options)
  }

  /// Cancels a batch: `POST /batches/{batch_id}/cancel`.
  ///
  /// Requests that are running may finish: the batch is `cancelling` for up to ten minutes. Finished rows are
  /// delivered and billed. Cancelling a cancelled batch returns it; one that has ended otherwise is an error of
  /// kind `conflict`.
  @discardableResult
  public func cancelBatch(
    _ id: BatchID, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> Batch {
    try await perform(.cancelBatch(id), options)
  }

  /// Fetches one page of batches, newest first in practice: `GET /batches`.
  ///
  /// - Parameters:
  ///   - after: The id of the last batch of the page before.
  ///   - limit: 1…100.
  ///   - options: What this call does differently.
  public func listBatches(
    after: BatchID? = nil, limit: Int = 20, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> ListBatchesResponse {
    try await perform(.listBatches(after: after, limit: limit), options)
  }

  /// All batches, page by page underneath, newest first in practice.
  ///
  /// ```swift
  /// for try await batch in client.batches() { print(batch.id, batch.status) }
  /// ```
  ///
  /// - Parameters:
  ///   - after: Where to start: a batch's id, or the `next` of a page of an earlier walk.
  ///   - pageSize: 1…100.
  ///   - createdSince: Leaves out older batches, and ends the walk at the first page that ends with one, unless
  ///     the list has the oldest first. A batch whose time the provider does not say counts as new.
  ///   - options: What each page's call does differently.
  public func batches(
    after: BatchID? = nil, pageSize: Int = 100, createdSince: Date? = nil,
    options: CallOptions = CallOptions()
  ) -> PagedSequence<Batch, BatchClientError> {
    batches(after: after, pageSize: pageSize, createdSince: createdSince, options: options, until: nil)
  }

  /// All batches, as a part of a call that must be over at `deadline`; `nil` if each page is a call of its own.
  ///
  /// - Parameters:
  ///   - keepsOlder: Whether older batches on the pages that were read anyway are given, too.
  ///   - walk: How it takes what the server leaves open.
  func batches(
    after: BatchID? = nil, pageSize: Int = 100, createdSince: Date?, keepsOlder: Bool = false,
    walk: ListWalk = .usual, options: CallOptions, until deadline: ContinuousClock.Instant?
  ) -> PagedSequence<Batch, BatchClientError> {
    PagedSequence(after: after, repeatedCursor: { .repeatedCursor($0.rawValue, "listBatches") }) {
      cursor throws(BatchClientError) in
      let list = try await perform(
        .listBatches(after: cursor, limit: pageSize, fullPage: walk.fullPage(of: pageSize)), options,
        until: deadline ?? self.deadline(options))
      var page = try list.page(after: cursor, walk, operation: "listBatches")
      if let createdSince { page.end(before: createdSince, keepsOlder: keepsOlder, walk) }
      return page
    }
  }
}

extension BatchClient {
  /// All batches, where one that is overlooked does harm; see `batches(after:…)`.
  package func allBatches(
    createdSince: Date? = nil, options: CallOptions = CallOptions()
  ) -> PagedSequence<Batch, BatchClientError> {
    batches(createdSince: createdSince, walk: .thorough, options: options, until: nil)
  }
}

extension Page<Batch> {
  /// Leaves older batches out, unless they are to be kept, and ends the walk where only older ones follow.
  ///
  /// A search that ends too early repeats a create. So a list with the oldest first, which the service does not
  /// rule out, is read to its end.
  fileprivate mutating func end(before date: Date, keepsOlder: Bool, _ walk: ListWalk) {
    // One item alone does not tell the order.
    if items.count > 1 || walk == .usual, let first = items.first, let last = items.last,
      last.isKnown(toBeOlderThan: date),
      last.createdAt <= first.createdAt
    {
      next = nil
    }
    if !keepsOlder { items.removeAll { $0.isKnown(toBeOlderThan: date) } }
  }
}

extension Batch {
  /// Whether the batch is older. A provider that does not say when it was made leaves that open: such a batch
  /// must not end a search, or a create would be repeated.
  fileprivate func isKnown(toBeOlderThan date: Date) -> Bool {
    createdAt.timeIntervalSince1970 > 0 && createdAt < date
  }
}

extension BatchClientError {
  static func repeatedCursor(_ cursor: String, _ operation: String) -> BatchClientError {
    BatchClientError(
      .malformedResponse, operation: operation,
      "The server gave the cursor \"\(cursor.prefix(80))\" a second time; the list would never end.")
  }
}

extension BatchOperation where Output == Batch {
  static func createBatch(
    _ request: CreateBatchRequest, _ extra: ExtraFields
  ) throws(BatchClientError) -> Self {
    do {
      try request.validate()
      let json = try extra.joined(to: try JSONText.encode(request), operation: "createBatch")
      return Self("createBatch", effect: .creates, .post, "/batches", json: json)
    } catch let error as BatchClientError {
      throw error
    } catch let error as InvalidParameter {
      throw BatchClientError(error, operation: "createBatch")
    } catch {
      throw BatchClientError(.invalidRequest, operation: "createBatch", "\(error)", underlying: error)
    }
  }

  static func retrieveBatch(_ id: BatchID) throws(BatchClientError) -> Self {
    Self("retrieveBatch", effect: .safe, .get, "/batches/\(try id.encoded(for: "retrieveBatch"))")
  }

  static func cancelBatch(_ id: BatchID) throws(BatchClientError) -> Self {
    Self("cancelBatch", effect: .idempotent, .post, "/batches/\(try id.encoded(for: "cancelBatch"))/cancel")
  }
}

extension BatchOperation where Output == ListBatchesResponse {
  /// - Parameter fullPage: How many batches let expect more, where the server does not say; by default `limit`.
  static func listBatches(
    after: BatchID?, limit: Int, fullPage: Int? = nil
  ) throws(BatchClientError) -> Self {
    do throws(InvalidParameter) {
      try InvalidParameter.check(limit, in: 1...100, named: "limit")
    } catch {
      throw BatchClientError(error, operation: "listBatches")
    }
    let after = after.map { [(name: "after", value: $0.rawValue)] } ?? []
    return Self(
      name: "listBatches", effect: .safe, method: .get, path: "/batches",
      query: after + [(name: "limit", value: "\(limit)")],
      decode: { bytes throws(JSONFailure) in
        ListBatchesResponse(try ListEnvelope<Batch>(parsing: bytes[...]), limit: fullPage ?? limit)
      })
  }
}

extension BatchID {
  fileprivate func encoded(for operation: String) throws(BatchClientError) -> String {
    do throws(InvalidParameter) {
      return try PathSegment.id(self, named: "batch_id")
    } catch {
      throw BatchClientError(error, operation: operation)
    }
  }
}
