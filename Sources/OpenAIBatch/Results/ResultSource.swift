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
  static let rowWeight = 256

  /// Hands over all rows in blocks, each with its weight in bytes. Stops when told `false`.
  func read(_ hand: ([Row], Int) async -> Bool) async -> End {
    var end = End()
    do throws(BatchClientError) {
      let batch = try await batch()
      if let input {
        try await readOrdered(batch, input, hand)
      } else {
        let files = try ResultFiles(of: batch, self)
        defer { end.deletedFiles = files.deletedFiles }
        while let (rows, weight) = try await files.nextBlock(of: ReadAheadSize.block) {
          guard await hand(rows, weight) else { throw .cancelled("results") }
        }
      }
    } catch {
      end.error = error
    }
    return end
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
