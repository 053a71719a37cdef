// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
public import OpenAIBatchModels
internal import OpenAIBatchTransport

extension BatchClient {
  /// Accounts for every row of a batch that has ended.
  ///
  /// ```swift
  /// let audit = try await client.audit(done, input: "requests.jsonl")
  /// try audit.requireComplete()
  /// ```
  ///
  /// The counts always sum to the rows of the input: what came back in neither file is counted as missing. Of
  /// several results for one row the first answer counts, else the first failure. The ids are kept in a
  /// temporary file; in memory a row takes about 20 bytes.
  ///
  /// - Parameters:
  ///   - batch: A batch that has ended.
  ///   - input: The path of the file that was uploaded for it.
  ///   - options: What the calls do differently.
  /// - Throws: ``BatchClientError``: kind `notEnded` while the batch runs, `batchFailed` for one that ended failed
  ///   with neither file, `file` for an input that cannot be read, and whatever reading the files can fail with.
  public func audit(
    _ batch: Batch, input: String, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> BatchAudit {
    let account = try await account(of: batch, input: input, keepsLines: false, options: options)
    return try account.audit()
  }

  /// Accounts for every row of a batch that has ended, by its id.
  public func audit(
    _ id: BatchID, input: String, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> BatchAudit {
    try await audit(try await retrieveBatch(id, options: options), input: input, options: options)
  }

  /// Makes sure that the temporary file of an account can be made, before anything is paid for.
  package func checkRoomForAccount() throws(BatchClientError) {
    _ = try Spool()
  }

  /// The rows of an input with what a batch has for them.
  ///
  /// - Parameters:
  ///   - batch: The batch.
  ///   - input: The path of the file that was uploaded for it.
  ///   - keepsLines: Whether the lines are wanted again; they take as much room on disk as the result files.
  ///   - isPartial: Whether a batch that runs will do.
  ///   - options: What the calls do differently.
  package func account(
    of batch: Batch, input: String, keepsLines: Bool, isPartial: Bool = false,
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> sending RowAccount {
    var files: [FileID] = []
    do throws(BatchClientError) {
      files = try batch.resultFiles(isPartial: isPartial)
    } catch {
      // A batch that was cancelled before it ran has no files: all its rows are missing.
      guard error.kind == .noResults else { throw error }
    }
    let account = try RowAccount(input: input, keepsLines: keepsLines)
    guard !files.isEmpty else { return account }
    var lines = resultLines(of: batch, partial: isPartial, inParallel: true, options: options)
      .makeAsyncIterator()
    do throws(BatchClientError) {
      while let line = try await lines.next() { try account.add(line) }
    } catch  where error.kind == .noResults {
      // The files are empty: all rows are missing.
    } catch {
      // Without any file nothing is known of the rows: they are not missing from the results.
      guard error.kind == .notFound, lines.deletedFiles < files.count else { throw error }
      account.deletion = error
    }
    return account
  }
}

extension BatchAudit {
  /// Accounts for every row with result files that are on disk already, such as downloaded ones.
  ///
  /// - Parameters:
  ///   - paths: The paths of the output file and the error file, or of one of them.
  ///   - input: The path of the file of requests.
  /// - Throws: ``BatchClientError`` of kind `file` when one of the files cannot be read.
  public init(ofResultFiles paths: [String], input: String) throws(BatchClientError) {
    let account = try RowAccount(input: input, keepsLines: false)
    for path in paths {
      var lines = try RequestLineReader.open(path)
      while let line = try lines.line() { try account.add(ResultLine(line)) }
    }
    self = try account.audit()
  }
}

extension RowAccount {
  /// Reads the rows of an input file.
  convenience init(input path: String, keepsLines: Bool) throws(BatchClientError) {
    self.init(keepsLines: keepsLines, spool: try Spool())
    var lines = try RequestLineReader.open(path)
    while let line = try lines.line() {
      let row = try? line.parse()
      try addRow(row.flatMap { RequestLine($0, number: line.number).customID })
    }
  }
}

extension RequestLineReader {
  fileprivate static func open(_ path: String) throws(BatchClientError) -> RequestLineReader {
    do throws(FileFailure) {
      return try RequestLineReader(path: path)
    } catch {
      throw BatchClientError(error, operation: "audit")
    }
  }

  /// The next line; `nil` at the end, and an error once the task is cancelled.
  fileprivate mutating func line() throws(BatchClientError) -> JSONLine? {
    guard !Task.isCancelled else { throw .cancelled("audit") }
    do throws(FileFailure) {
      return try nextLine()
    } catch {
      throw BatchClientError(error, operation: "audit")
    }
  }
}
