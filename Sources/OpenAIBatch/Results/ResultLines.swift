// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON
package import OpenAIBatchModels

/// One line of a result file, as it came and as it reads.
package struct ResultLine: Sendable {
  /// The line.
  package let line: JSONLine
  /// What it says.
  package let result: BatchResult<BatchResponse>

  /// The line to write, without a line feed: for one that is not JSON, or too long, another in the service's shape
  /// that says so.
  package let bytes: ArraySlice<UInt8>

  /// Reads a line.
  init(_ line: JSONLine) {
    self.line = line
    result = BatchResult(line: line)
    // Only lines that say nothing are read twice.
    bytes = result.isInvalid && (try? line.parse()) == nil ? result.standInLine[...] : line.bytes
  }

  /// A line for a row of which none came back.
  init(standingFor result: BatchResult<BatchResponse>) {
    bytes = result.standInLine[...]
    line = JSONLine(bytes, number: 0)
    self.result = result
  }
}

/// The lines of a batch's output file, then of its error file, streamed.
///
/// A file that is gone (404) does not keep the other from being read: its error comes at the end.
package struct ResultLines: AsyncSequence, Sendable {
  package typealias Element = ResultLine

  enum Source: Sendable {
    case batch(Batch)
    case id(BatchID)
  }

  let client: BatchClient
  let source: Source
  /// Whether what a running batch has so far is wanted.
  let isPartial: Bool
  let options: CallOptions

  package func makeAsyncIterator() -> Iterator { Iterator(results: self) }

  package struct Iterator: AsyncIteratorProtocol {
    private let results: ResultLines
    private var batch: Batch?
    private var files: ArraySlice<FileID> = []
    private var lines: JSONLines<FileContent>.Iterator?
    private var hasLines = false
    private var deletion: BatchClientError?
    private var isFinished = false
    /// How many files were gone so far.
    private(set) var deletedFiles = 0

    fileprivate init(results: ResultLines) { self.results = results }

    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(BatchClientError) -> ResultLine? {
      guard !isFinished else { return nil }
      isFinished = true
      let batch: Batch
      if let known = self.batch {
        batch = known
      } else {
        batch = try await results.batch()
        files = try batch.resultFiles(isPartial: results.isPartial)[...]
        self.batch = batch
      }
      while true {
        do throws(BatchClientError) {
          if let line = try await nextLine(of: batch) {
            isFinished = false
            hasLines = true
            return ResultLine(line)
          }
        } catch {
          guard error.kind == .notFound else { throw error }
          deletion = deletion ?? error
          deletedFiles += 1
          lines = nil
        }
        guard let file = files.popFirst() else {
          if let deletion { throw deletion }
          if !hasLines { try batch.requireNoRows() }
          return nil
        }
        var content = results.client.content(of: file, options: results.options)
        content.takesIncomplete = results.isPartial
        lines = JSONLines(content).makeAsyncIterator()
      }
    }

    package mutating func next() async throws(BatchClientError) -> ResultLine? {
      try await next(isolation: nil)
    }

    /// The next line of the file.
    nonisolated(nonsending) private mutating func nextLine(
      of batch: Batch
    ) async throws(BatchClientError) -> JSONLine? {
      guard let line = try await lines?.next(isolation: #isolation) else { return nil }
      let isGrowing = !batch.status.isTerminal || lines?.base.isIncomplete == true
      // The last line of a file that grows may be there in part only: no row has failed for that.
      return isGrowing && !line.hasLineFeed && (try? line.parse()) == nil ? nil : line
    }
  }

  /// The batch whose files are read.
  func batch() async throws(BatchClientError) -> Batch {
    switch source {
    case .batch(let known): known
    case .id(let id): try await client.retrieveBatch(id, options: options)
    }
  }
}

extension BatchResult where Value == BatchResponse {
  fileprivate var isInvalid: Bool {
    if case .failure(let failure) = outcome { failure.kind == .invalid } else { false }
  }
}

extension Batch {
  /// Throws for a batch that has ended with rows and with empty files.
  fileprivate func requireNoRows() throws(BatchClientError) {
    guard status.isTerminal, requestCounts.total > 0 else { return }
    throw BatchClientError(
      .noResults, operation: "results", "The batch \(id) ended \(status), and its files are empty.")
  }
}

extension BatchClient {
  /// The lines of both result files of a batch; reading throws as ``results(of:partial:options:)`` does.
  package func resultLines(
    of batch: Batch, partial: Bool = false, options: CallOptions = CallOptions()
  ) -> ResultLines {
    ResultLines(client: self, source: .batch(batch), isPartial: partial, options: options)
  }

  func resultLines(of id: BatchID, partial: Bool, options: CallOptions) -> ResultLines {
    ResultLines(client: self, source: .id(id), isPartial: partial, options: options)
  }
}
