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

  /// The line without its line feed.
  package var bytes: ArraySlice<UInt8> { line.bytes }

  /// Reads a line.
  init(_ line: JSONLine) {
    self.line = line
    result = BatchResult(line: line)
  }

  /// A line for a row of which none came back.
  init(standingFor result: BatchResult<BatchResponse>) {
    line = JSONLine(result.standInLine[...], number: 0)
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
    private var files: ArraySlice<FileID>?
    private var lines: JSONLines<FileContent>.Iterator?
    private var readAhead: JSONLine?
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
      if files == nil {
        files = try await results.batch().resultFiles(isPartial: results.isPartial)[...]
      }
      while true {
        do throws(BatchClientError) {
          if let line = try await nextLine() {
            isFinished = false
            return ResultLine(line)
          }
        } catch {
          guard error.kind == .notFound else { throw error }
          deletion = deletion ?? error
          deletedFiles += 1
          lines = nil
        }
        guard let file = files?.popFirst() else {
          if let deletion { throw deletion }
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
    nonisolated(nonsending) private mutating func nextLine() async throws(BatchClientError) -> JSONLine? {
      if let line = readAhead {
        readAhead = nil
        return line
      }
      guard let line = try await lines?.next(isolation: #isolation) else { return nil }
      guard results.isPartial, (try? line.parse()) == nil else { return line }
      // The last line of a file that grows may be there in part only: no row has failed for that.
      readAhead = try await lines?.next(isolation: #isolation)
      return readAhead == nil ? nil : line
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
