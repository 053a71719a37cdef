// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchModels

/// The lines of a batch's result files as they arrive: of the output file, then of the error file.
///
/// A file that is gone (404) does not keep the other from being read: its error comes at the end.
final class ResultFiles {
  private let source: ResultSource
  private let batch: Batch
  /// Those that were not opened yet, the next one last.
  private var names: [FileID]
  /// Of the file that is being read.
  private var lines: JSONLines<FileContent>.Iterator?
  private var hasLines = false
  private var deletion: BatchClientError?
  /// How many files were gone; known at the end.
  private(set) var deletedFiles = 0

  /// - Throws: ``BatchClientError`` when there can be no files yet, or there are none at all.
  init(of batch: Batch, _ source: ResultSource) throws(BatchClientError) {
    self.source = source
    self.batch = batch
    names = try batch.resultFiles(isPartial: source.isPartial).reversed()
  }

  /// The next line; `nil` after the last.
  func next(
    isolation actor: isolated (any Actor)? = #isolation
  ) async throws(BatchClientError) -> JSONLine? {
    while lines != nil || openNext() {
      do throws(BatchClientError) {
        if let line = try await lines?.next(isolation: actor) {
          // The last line of a file that grows may be there in part only: no row has failed for that.
          if !line.hasLineFeed, isGrowing, (try? line.parse()) == nil { continue }
          hasLines = true
          return line
        }
      } catch {
        guard error.kind == .notFound else { throw error }
        deletedFiles += 1
        deletion = deletion ?? error
      }
      lines = nil
    }
    if let deletion { throw deletion }
    if !hasLines { try batch.requireNoRows() }
    return nil
  }

  /// The next line, if it has arrived; read as JSON in the same pass if it is any.
  func nextRead() -> JSONLine? { lines?.nextRead() }

  /// The lines that are there, one at least and not many more than weigh `size`; `nil` after the last.
  func nextBlock(
    of size: Int, isolation actor: isolated (any Actor)? = #isolation
  ) async throws(BatchClientError) -> (rows: [ResultSource.Row], weight: Int)? {
    var next = try await next(isolation: actor)
    var rows: [ResultSource.Row] = []
    var weight = 0
    while let line = next {
      rows.append(.line(line))
      weight += line.bytes.count + ResultSource.rowWeight
      next = weight < size && rows.count < ResultSource.blockRows ? lines?.nextReady() : nil
    }
    return rows.isEmpty ? nil : (rows, weight)
  }

  private func openNext() -> Bool {
    guard let name = names.popLast() else { return false }
    var content = source.client.content(of: name, options: source.options)
    content.takesIncomplete = source.isPartial
    lines = JSONLines(content).makeAsyncIterator()
    return true
  }

  private var isGrowing: Bool { !batch.status.isTerminal || lines?.base.isIncomplete == true }
}

extension Batch {
  /// Throws for a batch that has ended with rows and with empty files.
  fileprivate func requireNoRows() throws(BatchClientError) {
    guard status.isTerminal, requestCounts.total > 0 else { return }
    throw BatchClientError(
      .noResults, operation: "results", "The batch \(id) ended \(status), and its files are empty.")
  }
}
