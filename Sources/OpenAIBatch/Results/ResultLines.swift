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
  private init(standingFor result: BatchResult<BatchResponse>) {
    bytes = result.standInLine[...]
    line = JSONLine(bytes, number: 0)
    self.result = result
  }

  /// Reads a row.
  init(_ row: ResultSource.Row) {
    switch row {
    case .line(let line): self.init(line)
    case .standIn(let result): self.init(standingFor: result)
    }
  }
}

extension BatchResult where Value == BatchResponse {
  fileprivate var isInvalid: Bool {
    if case .failure(let failure) = outcome { failure.kind == .invalid } else { false }
  }

  /// Reads a row.
  init(_ row: ResultSource.Row) {
    switch row {
    case .line(let line): self.init(line: line)
    case .standIn(let result): self = result
    }
  }
}

/// The rows of a batch, streamed, each as a value that was made of it on whatever core was free.
package struct ResultRows<Output: Sendable>: AsyncSequence, Sendable {
  package typealias Element = Output

  let source: ResultSource
  let make: @Sendable (ResultSource.Row) -> Output

  package func makeAsyncIterator() -> Iterator { Iterator(rows: self) }

  package struct Iterator: AsyncIteratorProtocol {
    private let rows: ResultRows
    private var ahead: ReadAhead<[Output], ResultSource.End>?
    private var block: IndexingIterator<[Output]> = [].makeIterator()
    private var isFinished = false
    /// How many files were gone; known at the end.
    private(set) var deletedFiles = 0

    fileprivate init(rows: ResultRows) { self.rows = rows }

    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(BatchClientError) -> Output? {
      while !isFinished {
        guard !Task.isCancelled else {
          finish()
          throw .cancelled("results")
        }
        if let output = block.next() { return output }
        try await nextBlock()
      }
      return nil
    }

    package mutating func next() async throws(BatchClientError) -> Output? {
      try await next(isolation: nil)
    }

    nonisolated(nonsending) private mutating func nextBlock() async throws(BatchClientError) {
      let ahead = ahead ?? Self.start(rows)
      self.ahead = ahead
      switch await ahead.next() {
      case .block(let outputs):
        block = outputs.makeIterator()
      case .end(let end):
        finish()
        deletedFiles = end.deletedFiles
        if let error = end.error { throw error }
      }
    }

    private mutating func finish() {
      isFinished = true
      ahead = nil
      block = [].makeIterator()
    }

    private static func start(_ rows: ResultRows) -> ReadAhead<[Output], ResultSource.End> {
      ReadAhead { hand in
        await rows.source.read { block, weight in
          await hand(weight) { [make = rows.make] in block.map(make) }
        }
      }
    }
  }
}

extension BatchClient {
  /// The lines of both result files of a batch; reading throws as ``results(of:partial:options:)`` does.
  package func resultLines(
    of batch: Batch, partial: Bool = false, options: CallOptions = CallOptions()
  ) -> ResultRows<ResultLine> {
    let source = ResultSource(client: self, name: .batch(batch), isPartial: partial, options: options)
    return ResultRows(source: source, make: ResultLine.init)
  }
}
