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
@usableFromInline
package struct ResultRows<Output: Sendable>: Sendable {
  private let source: ResultSource
  /// Makes the rows of a block, the last one first.
  private let makeBlock: @Sendable ([ResultSource.Row]) -> [Output]

  init(source: ResultSource, make: @escaping @Sendable (ResultSource.Row) -> Output) {
    self.source = source
    makeBlock = { $0.reversed().map(make) }
  }

  package func makeAsyncIterator() -> Iterator { Iterator(rows: self) }

  @usableFromInline
  package struct Iterator {
    private let rows: ResultRows
    private var ahead: ReadAhead<[Output], ResultSource.End>?
    /// Rows that have come and were not asked for yet, the last one first: taking one away moves it.
    @usableFromInline var block: [Output] = []
    private var isFinished = false
    /// How many files were gone; known at the end.
    private(set) var deletedFiles = 0

    fileprivate init(rows: ResultRows) { self.rows = rows }

    /// The next row; `nil` after the last.
    @inlinable
    package mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(BatchClientError) -> Output? {
      if block.isEmpty || Task.isCancelled { try await nextBlock(isolation: actor) }
      return block.popLast()
    }

    /// Waits for rows, if any follow. A task that is cancelled gets the error, and not the rows that wait.
    @usableFromInline
    mutating func nextBlock(isolation actor: isolated (any Actor)?) async throws(BatchClientError) {
      block = []
      while !isFinished {
        guard !Task.isCancelled else {
          finish()
          throw .cancelled("results")
        }
        let ahead = ahead ?? rows.start()
        self.ahead = ahead
        switch await ahead.next() {
        case .block(let outputs):
          // Cancelled while it waited: the error comes in its turn.
          if !outputs.isEmpty, !Task.isCancelled {
            block = outputs
            return
          }
        case .end(let end):
          finish()
          deletedFiles = end.deletedFiles
          if let error = end.error { throw error }
        }
      }
    }

    private mutating func finish() {
      isFinished = true
      ahead = nil
    }
  }

  private func start() -> ReadAhead<[Output], ResultSource.End> {
    ReadAhead { hand in
      await source.read { block, weight in
        await hand(weight) { [makeBlock] in makeBlock(block) }
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
