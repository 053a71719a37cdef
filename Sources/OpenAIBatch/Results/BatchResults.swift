// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels

/// What came back for each row of a batch: the output file and the error file as one stream, in the order of
/// the files, which is not that of the input.
///
/// Every line becomes a result; a line that cannot be read is a row that failed as `invalid`. Rows that are in
/// neither file do not show up here: an audit finds them.
public struct BatchResults: AsyncSequence, Sendable {
  /// One row's result.
  public typealias Element = BatchResult<BatchResponse>

  let lines: ResultLines

  enum Source: Sendable {
    case batch(Batch)
    case id(BatchID)
  }

  /// Starts reading.
  public func makeAsyncIterator() -> Iterator { Iterator(lines: lines.makeAsyncIterator()) }

  /// A reading under way.
  public struct Iterator: AsyncIteratorProtocol {
    private var lines: ResultLines.Iterator

    fileprivate init(lines: ResultLines.Iterator) { self.lines = lines }

    /// The next row's result; `nil` at the end of both files.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(BatchClientError) -> BatchResult<BatchResponse>? {
      try await lines.next(isolation: actor)?.result
    }

    /// The next row's result; `nil` at the end of both files.
    public mutating func next() async throws(BatchClientError) -> BatchResult<BatchResponse>? {
      try await next(isolation: nil)
    }
  }
}

/// The same with each answer decoded as a type of the caller's. An answer that does not fit is a row that
/// failed as `undecodable`, not the end of the loop.
public struct DecodedBatchResults<Value: Decodable & Sendable>: AsyncSequence, Sendable {
  /// One row's result.
  public typealias Element = BatchResult<Value>

  let base: BatchResults

  /// Starts reading.
  public func makeAsyncIterator() -> Iterator { Iterator(base: base.makeAsyncIterator()) }

  /// A reading under way.
  public struct Iterator: AsyncIteratorProtocol {
    private var base: BatchResults.Iterator

    fileprivate init(base: BatchResults.Iterator) { self.base = base }

    /// The next row's result; `nil` at the end of both files.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(BatchClientError) -> BatchResult<Value>? {
      try await base.next(isolation: actor)?.decoded(as: Value.self)
    }

    /// The next row's result; `nil` at the end of both files.
    public mutating func next() async throws(BatchClientError) -> BatchResult<Value>? {
      try await next(isolation: nil)
    }
  }
}

@available(*, unavailable)
extension BatchResults.Iterator: Sendable {}

@available(*, unavailable)
extension DecodedBatchResults.Iterator: Sendable {}

extension BatchClient {
  /// The results of a batch that has ended, streamed from both files.
  ///
  /// Reading throws ``BatchClientError``: kind `notEnded` for a batch that runs, `batchFailed` with its errors
  /// for one that failed and has no file, `noResults` for one that ended otherwise without a file. It is never
  /// silently empty.
  public func results(of batch: Batch, options: CallOptions = CallOptions()) -> BatchResults {
    BatchResults(lines: resultLines(of: batch, options: options))
  }

  /// The results of a batch that has ended, by its id.
  public func results(of id: BatchID, options: CallOptions = CallOptions()) -> BatchResults {
    BatchResults(lines: resultLines(of: id, options: options))
  }

  /// The results of a batch that has ended, each answer decoded as `type`: the body of the endpoint's response.
  public func results<Value>(
    of batch: Batch, as type: Value.Type, options: CallOptions = CallOptions()
  ) -> DecodedBatchResults<Value> {
    DecodedBatchResults(base: results(of: batch, options: options))
  }

  /// The results of a batch that has ended, by its id, each answer decoded as `type`.
  public func results<Value>(
    of id: BatchID, as type: Value.Type, options: CallOptions = CallOptions()
  ) -> DecodedBatchResults<Value> {
    DecodedBatchResults(base: results(of: id, options: options))
  }

  /// The files of a batch that has ended.
  func resultFiles(
    of source: BatchResults.Source, _ options: CallOptions
  ) async throws(BatchClientError) -> [FileID] {
    let batch: Batch
    switch source {
    case .batch(let known): batch = known
    case .id(let id): batch = try await retrieveBatch(id, options: options)
    }
    return try batch.resultFiles()
  }
}

extension Batch {
  /// The output file and the error file, as far as there are any.
  ///
  /// - Throws: ``BatchClientError`` when there can be none yet, or there is none at all.
  package func resultFiles() throws(BatchClientError) -> [FileID] {
    guard status.isTerminal else {
      throw BatchClientError(
        .notEnded, operation: "results",
        "The batch \(id) is \(status) and has no results yet. Wait with waitUntilEnded, or watch its updates."
      )
    }
    // Some providers name one file twice.
    let files = [outputFileID, errorFileID == outputFileID ? nil : errorFileID].compactMap(\.self)
    guard files.isEmpty else { return files }
    guard status == .failed else {
      throw BatchClientError(
        .noResults, operation: "results", "The batch \(id) ended \(status) without an output or error file.")
    }
    let shown = errors.prefix(20).map(\.description)
    let rest = errors.count > shown.count ? ["and \(errors.count - shown.count) more"] : []
    let reasons = shown.isEmpty ? ["the service gave no reason"] : shown + rest
    var error = BatchClientError(
      .batchFailed, operation: "results",
      "The batch \(id) failed, and nothing ran:\n\(reasons.joined(separator: "\n"))")
    error.batchErrors = errors
    throw error
  }
}
