// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels

/// What came back for each row of a batch: in the order of the result files, which is not that of the input, or
/// with exactly one result for each row of the input, in its order.
///
/// Every line becomes a result; a line that cannot be read is a row that failed as `invalid`. In the order of the
/// files, rows that are in neither file do not show up: ordered results and audits find them.
///
/// A row is read when its turn comes, in the caller's own isolation, while the next bytes arrive; that of a chat's
/// answer takes two to three microseconds. Ordered rows are read ahead on all cores, as those of
/// ``DecodedBatchResults`` are.
public struct BatchResults: AsyncSequence, Sendable {
  /// One row's result.
  public typealias Element = BatchResult<BatchResponse>

  fileprivate let rows: ResultRows<Element>

  /// Starts reading.
  public func makeAsyncIterator() -> BatchResultsIterator<BatchResponse> {
    BatchResultsIterator(rows: rows.makeAsyncIterator())
  }
}

/// The same with each answer decoded as a type of the caller's, on several cores at once, in order; also answers that
/// nobody comes to ask for. One that does not fit is a row that failed as `undecodable`, not the end of the loop.
///
/// What waits is 768 KiB of lines at most, 64 KiB for each core where there are more than twelve, or a single longer
/// line.
public struct DecodedBatchResults<Value: Decodable & Sendable>: AsyncSequence, Sendable {
  /// One row's result.
  public typealias Element = BatchResult<Value>

  fileprivate let rows: ResultRows<Element>

  /// Starts reading.
  public func makeAsyncIterator() -> BatchResultsIterator<Value> {
    BatchResultsIterator(rows: rows.makeAsyncIterator())
  }
}

/// A reading of results under way.
public struct BatchResultsIterator<Value: Sendable>: AsyncIteratorProtocol {
  @usableFromInline var rows: ResultRows<BatchResult<Value>>.Iterator

  fileprivate init(rows: ResultRows<BatchResult<Value>>.Iterator) { self.rows = rows }

  /// The next row's result; `nil` after the last.
  @inlinable
  public mutating func next(
    isolation actor: isolated (any Actor)?
  ) async throws(BatchClientError) -> BatchResult<Value>? {
    try await rows.next(isolation: actor)
  }

  /// The next row's result; `nil` after the last.
  public mutating func next() async throws(BatchClientError) -> BatchResult<Value>? {
    try await next(isolation: nil)
  }
}

@available(*, unavailable)
extension BatchResultsIterator: Sendable {}

extension ResultSource {
  fileprivate var results: BatchResults {
    BatchResults(rows: ResultRows(source: self, isParallel: input != nil) { BatchResult($0) })
  }

  fileprivate func decodedResults<Value>() -> DecodedBatchResults<Value> {
    DecodedBatchResults(
      rows: ResultRows(source: self, isParallel: true) { BatchResult($0).decoded(as: Value.self) })
  }
}

extension BatchClient {
  /// The results of a batch that has ended, streamed from both files.
  ///
  /// Reading throws ``BatchClientError``: kind `notEnded` for a batch that runs, `batchFailed` with its errors
  /// for one that failed and has no file, `noResults` for one that ended otherwise without a file, or with
  /// rows and empty files. It is never silently empty. A file that is gone does not keep the other from being read:
  /// `notFound` comes at the end.
  ///
  /// - Parameters:
  ///   - batch: The batch.
  ///   - partial: Takes what a batch has so far that has not ended; some providers fill the files while it
  ///     runs. `notEnded` is then thrown only as long as it has no file.
  ///   - options: What the calls do differently.
  public func results(
    of batch: Batch, partial: Bool = false, options: CallOptions = CallOptions()
  ) -> BatchResults {
    ResultSource(client: self, name: .batch(batch), isPartial: partial, options: options).results
  }

  /// The results of a batch that has ended, by its id.
  public func results(
    of id: BatchID, partial: Bool = false, options: CallOptions = CallOptions()
  ) -> BatchResults {
    ResultSource(client: self, name: .id(id), isPartial: partial, options: options).results
  }

  /// The results of a batch that has ended, each answer decoded as `type`: the body of the endpoint's response.
  public func results<Value>(
    of batch: Batch, as type: Value.Type, partial: Bool = false, options: CallOptions = CallOptions()
  ) -> DecodedBatchResults<Value> {
    ResultSource(client: self, name: .batch(batch), isPartial: partial, options: options)
      .decodedResults()
  }

  /// The results of a batch that has ended, by its id, each answer decoded as `type`.
  public func results<Value>(
    of id: BatchID, as type: Value.Type, partial: Bool = false, options: CallOptions = CallOptions()
  ) -> DecodedBatchResults<Value> {
    ResultSource(client: self, name: .id(id), isPartial: partial, options: options)
      .decodedResults()
  }

  /// Exactly one result for each row of the input, in its order.
  ///
  /// ```swift
  /// for try await result in client.orderedResults(of: done, input: "requests.jsonl") { … }
  /// ```
  ///
  /// A row that came back in neither file is `missing`; of several results for one row the first answer counts,
  /// else the first failure. Lines that belong to no row are left out: an audit counts them.
  ///
  /// Before the first result all lines go to a temporary file without a name, which takes as much room as the
  /// result files: in the folder that `TMPDIR` names, else in `/var/tmp`. In memory a row takes about 20 bytes.
  ///
  /// Reading throws as ``results(of:partial:options:)`` does; a batch that ended without any file, or
  /// with empty ones, has all its rows missing. Kind `file` is thrown for a disk that is full, and for an input that
  /// cannot be read.
  ///
  /// - Parameters:
  ///   - batch: The batch.
  ///   - input: The path of the file that was uploaded for it.
  ///   - partial: Takes what a batch has so far that has not ended; other rows are `missing`.
  ///   - options: What the calls do differently.
  public func orderedResults(
    of batch: Batch, input: String, partial: Bool = false, options: CallOptions = CallOptions()
  ) -> BatchResults {
    ResultSource(client: self, name: .batch(batch), isPartial: partial, options: options, input: input)
      .results
  }

  /// Exactly one result for each row of the input, in its order; the batch by its id.
  public func orderedResults(
    of id: BatchID, input: String, partial: Bool = false, options: CallOptions = CallOptions()
  ) -> BatchResults {
    ResultSource(client: self, name: .id(id), isPartial: partial, options: options, input: input)
      .results
  }

  /// Exactly one result for each row of the input, in its order, each answer decoded as `type`.
  public func orderedResults<Value>(
    of batch: Batch, input: String, as type: Value.Type, partial: Bool = false,
    options: CallOptions = CallOptions()
  ) -> DecodedBatchResults<Value> {
    ResultSource(client: self, name: .batch(batch), isPartial: partial, options: options, input: input)
      .decodedResults()
  }

  /// Exactly one result for each row of the input, in its order, each answer decoded as `type`; the batch by
  /// its id.
  public func orderedResults<Value>(
    of id: BatchID, input: String, as type: Value.Type, partial: Bool = false,
    options: CallOptions = CallOptions()
  ) -> DecodedBatchResults<Value> {
    ResultSource(client: self, name: .id(id), isPartial: partial, options: options, input: input)
      .decodedResults()
  }
}

extension Batch {
  /// The output file and the error file, as far as there are any.
  ///
  /// - Throws: ``BatchClientError`` when there can be none yet, or there is none at all.
  func resultFiles(isPartial: Bool) throws(BatchClientError) -> [FileID] {
    // Some providers name one file twice, or by an empty text.
    let named = [outputFileID, errorFileID == outputFileID ? nil : errorFileID]
    let files = named.compactMap(\.self).filter { !$0.rawValue.isEmpty }
    guard status.isTerminal || isPartial && !files.isEmpty else {
      throw BatchClientError(
        .notEnded, operation: "results",
        "The batch \(id) is \(status) and has no results yet. Wait until it has ended"
          + (files.isEmpty ? "." : ", or take what there is: it offers partial results.")
      )
    }
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
