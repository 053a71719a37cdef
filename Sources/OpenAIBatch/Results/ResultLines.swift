// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
package import OpenAIBatchModels

/// One line of a result file, as it came and as it reads.
package struct ResultLine: Sendable {
  /// The line without its line feed.
  package let bytes: ArraySlice<UInt8>
  /// What it says.
  package let result: BatchResult<BatchResponse>
}

/// The lines of a batch's output file, then of its error file, streamed.
///
/// A file that is gone (404) does not keep the other from being read: its error comes at the end.
package struct ResultLines: AsyncSequence, Sendable {
  package typealias Element = ResultLine

  let client: BatchClient
  let source: BatchResults.Source
  let options: CallOptions

  package func makeAsyncIterator() -> Iterator { Iterator(results: self) }

  package struct Iterator: AsyncIteratorProtocol {
    private let results: ResultLines
    private var files: ArraySlice<FileID>?
    private var lines: JSONLines<FileContent>.Iterator?
    private var missing: BatchClientError?
    private var isFinished = false

    fileprivate init(results: ResultLines) { self.results = results }

    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(BatchClientError) -> ResultLine? {
      guard !isFinished else { return nil }
      isFinished = true
      if files == nil {
        files = try await results.client.resultFiles(of: results.source, results.options)[...]
      }
      while true {
        do throws(BatchClientError) {
          if let line = try await lines?.next(isolation: actor) {
            isFinished = false
            return ResultLine(bytes: line.bytes, result: BatchResult(line: line))
          }
        } catch {
          guard error.kind == .notFound else { throw error }
          missing = missing ?? error
        }
        guard let file = files?.popFirst() else {
          if let missing { throw missing }
          return nil
        }
        lines = JSONLines(results.client.content(of: file, options: results.options)).makeAsyncIterator()
      }
    }

    package mutating func next() async throws(BatchClientError) -> ResultLine? {
      try await next(isolation: nil)
    }
  }
}

extension BatchClient {
  /// The lines of both result files of a batch that has ended; reading throws as ``results(of:options:)`` does.
  package func resultLines(of batch: Batch, options: CallOptions = CallOptions()) -> ResultLines {
    ResultLines(client: self, source: .batch(batch), options: options)
  }

  /// The lines of both result files of a batch that has ended, by its id.
  package func resultLines(of id: BatchID, options: CallOptions = CallOptions()) -> ResultLines {
    ResultLines(client: self, source: .id(id), options: options)
  }
}
