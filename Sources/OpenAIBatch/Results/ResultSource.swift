// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchModels

/// Which rows of a batch are read, and how.
struct ResultSource: Sendable {
  enum Name: Sendable {
    case batch(Batch)
    case id(BatchID)
  }

  let client: BatchClient
  let name: Name
  /// Whether what a running batch has so far is wanted.
  let isPartial: Bool
  let options: CallOptions
  /// The file whose rows give the order; `nil` for the order of the result files.
  var input: String?

  func batch() async throws(BatchClientError) -> Batch {
    switch name {
    case .batch(let batch): batch
    case .id(let id): try await client.retrieveBatch(id, options: options)
    }
  }

  /// One row as it is stored: a line, or what is said of a row that has none.
  enum Row: Sendable {
    case line(JSONLine)
    indirect case standIn(BatchResult<BatchResponse>)
  }

  /// How reading ended.
  struct End: Sendable {
    var error: BatchClientError?
    /// How many files were gone.
    var deletedFiles = 0
  }

  /// The rows of one block at most.
  static let blockRows = 1024
  /// What a row weighs beside its text.
  private static let rowWeight = 256

  /// Hands over all rows in blocks, each with its weight in bytes. Stops when told `false`.
  func read(_ hand: ([Row], Int) async -> Bool) async -> End {
    var end = End()
    do throws(BatchClientError) {
      let batch = try await batch()
      if let input {
        try await readOrdered(batch, input, hand)
      } else {
        try await readFiles(of: batch, &end, hand)
      }
    } catch {
      end.error = error
    }
    return end
  }

  /// The lines of the output file, then of the error file. One that is gone (404) does not keep the other from being
  /// read: its error comes at the end.
  private func readFiles(
    of batch: Batch, _ end: inout End, _ hand: ([Row], Int) async -> Bool
  ) async throws(BatchClientError) {
    var hasLines = false
    for file in try batch.resultFiles(isPartial: isPartial) {
      var content = client.content(of: file, options: options)
      content.takesIncomplete = isPartial
      var lines = JSONLines(content).makeAsyncIterator()
      do throws(BatchClientError) {
        while var block = try await lines.nextBlock(
          of: ReadAheadSize.block, lineWeight: Self.rowWeight, lines: Self.blockRows)
        {
          let isGrowing = !batch.status.isTerminal || lines.base.isIncomplete
          // The last line of a file that grows may be there in part only: no row has failed for that.
          if isGrowing, let last = block.last, !last.hasLineFeed, (try? last.parse()) == nil {
            block.removeLast()
          }
          hasLines = hasLines || !block.isEmpty
          let weight = block.reduce(0) { $0 + $1.bytes.count + Self.rowWeight }
          guard await hand(block.map(Row.line), weight) else { throw .cancelled("results") }
        }
      } catch {
        guard error.kind == .notFound else { throw error }
        end.deletedFiles += 1
        end.error = end.error ?? error
      }
    }
    if end.error == nil, !hasLines { try batch.requireNoRows() }
  }

  /// A row for each row of the input, in its order. Rows of a file that is gone are missing, and its error comes at
  /// the end.
  private func readOrdered(
    _ batch: Batch, _ input: String, _ hand: ([Row], Int) async -> Bool
  ) async throws(BatchClientError) {
    let account = try await client.account(
      of: batch, input: input, keepsLines: true, isPartial: isPartial, options: options)
    var block: [Row] = []
    var weight = 0
    for index in 0..<account.count {
      let row = try account.row(at: index)
      block.append(row)
      weight += Self.rowWeight
      if case .line(let line) = row { weight += line.bytes.count }
      let isFull = weight >= ReadAheadSize.block || block.count == Self.blockRows
      guard isFull || index == account.count - 1 else { continue }
      guard await hand(block, weight) else { throw .cancelled("results") }
      (block, weight) = ([], 0)
    }
    if let deletion = account.deletion { throw deletion }
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
