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

/// The rows of a batch, streamed, each as a value that was made of it.
@usableFromInline
package struct ResultRows<Output: Sendable>: Sendable {
  private let source: ResultSource
  private let isParallel: Bool
  private let make: @Sendable (ResultSource.Row) -> Output

  /// Creates the rows.
  ///
  /// - Parameters:
  ///   - source: Where they come from.
  ///   - isParallel: Whether they are read ahead and made on whatever cores are free, else when they are asked for. A
  ///     row that goes from one core to another takes a third more: that pays where `make` or the reader has more to
  ///     do than to read.
  ///   - make: Makes a value of a row.
  init(
    source: ResultSource, isParallel: Bool, make: @escaping @Sendable (ResultSource.Row) -> Output
  ) {
    self.source = source
    self.isParallel = isParallel
    self.make = make
  }

  package func makeAsyncIterator() -> Iterator { Iterator(rows: self) }

  @usableFromInline
  package struct Iterator {
    private let rows: ResultRows
    private var ahead: ReadAhead<[Output], ResultSource.End>?
    private var files: ResultFiles?
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
      if !Task.isCancelled, let row = block.popLast() ?? nextRow() { return row }
      try await nextBlock(isolation: actor)
      return block.popLast()
    }

    /// Waits for rows, if any follow. A task that is cancelled gets the error, and not the rows that wait.
    @usableFromInline
    mutating func nextBlock(isolation actor: isolated (any Actor)?) async throws(BatchClientError) {
      block = []
      while !isFinished, block.isEmpty || Task.isCancelled {
        do throws(BatchClientError) {
          guard !Task.isCancelled else { throw .cancelled("results") }
          if rows.isParallel {
            try await takeBlock(isolation: actor)
          } else {
            try await waitForLine(isolation: actor)
          }
        } catch {
          finish()
          throw error
        }
      }
    }

    /// A row of a line that has arrived, made here and now.
    @usableFromInline
    mutating func nextRow() -> Output? { files?.nextRead().map { rows.make(.line($0)) } }

    /// Waits for a line.
    private mutating func waitForLine(isolation actor: isolated (any Actor)?) async throws(BatchClientError) {
      let files =
        if let files { files } else { try ResultFiles(of: try await rows.source.batch(), rows.source) }
      self.files = files
      defer { deletedFiles = files.deletedFiles }
      if let line = try await files.next(isolation: actor) {
        block = [rows.make(.line(line))]
      } else {
        finish()
      }
    }

    /// Takes rows that were made ahead.
    private mutating func takeBlock(isolation actor: isolated (any Actor)?) async throws(BatchClientError) {
      let ahead = ahead ?? rows.start()
      self.ahead = ahead
      switch await ahead.next() {
      case .block(let made):
        block = made
      case .end(let end):
        finish()
        deletedFiles = end.deletedFiles
        if let error = end.error { throw error }
      }
    }

    private mutating func finish() {
      block = []
      isFinished = true
      ahead = nil
      files = nil
    }
  }

  private func start() -> ReadAhead<[Output], ResultSource.End> {
    ReadAhead { hand in
      await source.read { block, weight in
        await hand(weight) { [make] in block.reversed().map(make) }
      }
    }
  }
}

extension BatchClient {
  /// The lines of both result files of a batch; reading throws as ``results(of:partial:options:)`` does.
  package func resultLines(
    of batch: Batch, partial: Bool = false, inParallel: Bool = false, options: CallOptions = CallOptions()
  ) -> ResultRows<ResultLine> {
    let source = ResultSource(client: self, name: .batch(batch), isPartial: partial, options: options)
    return ResultRows(source: source, isParallel: inParallel, make: ResultLine.init)
  }
}
