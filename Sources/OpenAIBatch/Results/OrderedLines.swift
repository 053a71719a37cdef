// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels

/// One line for each row of an input, in its order.
///
/// The result files are read when the first line is asked for. Rows of a file that is gone (404) are missing, and
/// its error comes at the end.
struct OrderedLines {
  private let results: ResultLines
  private let input: String
  private var account: RowAccount?
  private var row = 0
  private var isFinished = false

  init(results: ResultLines, input: String) {
    self.results = results
    self.input = input
  }

  /// The next row's line; `nil` after the last.
  nonisolated(nonsending) mutating func next() async throws(BatchClientError) -> ResultLine? {
    guard !isFinished else { return nil }
    isFinished = true
    let account = if let account { account } else { try await makeAccount() }
    self.account = account
    guard row < account.count else {
      if let error = account.deletion { throw error }
      return nil
    }
    guard !Task.isCancelled else { throw .cancelled("results") }
    let line = try account.result(at: row)
    row += 1
    isFinished = false
    return line
  }

  nonisolated(nonsending) private func makeAccount() async throws(BatchClientError) -> RowAccount {
    try await results.client.account(
      of: try await results.batch(), input: input, keepsLines: true, isPartial: results.isPartial,
      options: results.options)
  }
}
