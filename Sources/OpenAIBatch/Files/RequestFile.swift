// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels

/// A file of request lines, checked in one pass before it is sent: what the service would refuse hours later
/// is said now, with its line.
///
/// Memory does not grow with the length of rows; it takes 11 to 22 bytes for each row, to find `custom_id`s that
/// are used twice.
public struct RequestFile: Sendable {
  /// What the service takes in one batch.
  public struct Limits: Sendable, Hashable {
    /// The most rows.
    public var rows: Int
    /// The most bytes.
    public var bytes: Int64
    /// The most inputs that rows for ``OpenAIBatchModels/BatchEndpoint/embeddings`` have in all; one row may have
    /// several.
    public var embeddingInputs: Int

    /// Creates limits.
    public init(rows: Int, bytes: Int64, embeddingInputs: Int = 50_000) {
      self.rows = rows
      self.bytes = bytes
      self.embeddingInputs = embeddingInputs
    }

    /// 50,000 rows, 209,715,200 bytes (200 MB), and 50,000 embedding inputs.
    public static let openAI = Limits(rows: 50_000, bytes: 209_715_200)
  }

  /// Something that the service would refuse.
  public struct Problem: Sendable, Hashable, CustomStringConvertible {
    /// The line, counted from 1; `nil` for the file as a whole.
    public let line: Int?
    /// The line that has the same `custom_id` already, for ``OpenAIBatchModels/ErrorCode/duplicateCustomID``.
    public let earlierLine: Int?
    /// The name that the service has for it, or would have.
    public let code: ErrorCode
    /// The problem in words.
    public let message: String

    init(line: Int?, earlierLine: Int? = nil, code: ErrorCode, message: String) {
      self.line = line
      self.earlierLine = earlierLine
      self.code = code
      self.message = message
    }

    /// `12: invalid_url: …`
    public var description: String {
      [line.map(String.init), code.rawValue, message].compactMap(\.self).joined(separator: ": ")
    }
  }

  /// For how many batches a file is meant.
  package enum Scope: Sendable {
    /// For one: it keeps the limits of a batch, and all rows name one endpoint and one model.
    case oneBatch
    /// For as many as it takes: only what no splitting would mend is a problem.
    case severalBatches
  }

  /// The most problems that are kept; further ones are counted.
  public static let maximumProblems = 100

  /// The file's path.
  public let path: String
  /// How many rows it has; blank lines are none.
  public internal(set) var rows = 0
  /// Its length in bytes.
  public internal(set) var bytes: Int64 = 0
  /// The length of its longest row in bytes, the line end included.
  public internal(set) var longestRow = 0
  /// How many inputs its rows for embeddings have in all.
  public internal(set) var embeddingInputs = 0
  /// The endpoint of the first row that names one.
  public internal(set) var endpoint: BatchEndpoint?
  /// The model of the first row that names one.
  public internal(set) var model: String?
  /// The first ``maximumProblems`` problems, by line.
  public internal(set) var problems: [Problem] = []
  /// How many problems there are in all.
  public internal(set) var problemCount = 0
  /// Which state of the file was checked.
  package internal(set) var version: FileVersion?

  init(path: String, endpoint: BatchEndpoint?) {
    self.path = path
    self.endpoint = endpoint
  }

  /// Checks a file for one batch: JSON on each line, the required keys, unique `custom_id`s, one endpoint, one
  /// model, no `stream`, no byte order mark, and the limits.
  ///
  /// - Parameters:
  ///   - path: A regular file of at most 1 TiB.
  ///   - limits: What the service takes.
  ///   - endpoint: The endpoint that each row must name; by default that of the first row.
  /// - Throws: ``BatchClientError``: kind `file` when it cannot be read, `cancelled`. Problems of the content are not
  ///   thrown: see ``problems``.
  public init(
    checking path: String, limits: Limits = .openAI, endpoint: BatchEndpoint? = nil
  ) throws(BatchClientError) {
    try self.init(checking: path, for: .oneBatch, limits: limits, endpoint: endpoint)
  }

  /// Checks a file, and hands over what it finds on the way.
  ///
  /// - Parameters:
  ///   - path: A regular file of at most 1 TiB.
  ///   - scope: For how many batches it is meant.
  ///   - limits: What the service takes.
  ///   - endpoint: The endpoint that each row must name.
  ///   - onRow: Called for each row without a problem, in order.
  ///   - onProblem: Called for each problem, also for those that are not kept, as they are found.
  package init(
    checking path: String, for scope: Scope, limits: Limits, endpoint: BatchEndpoint? = nil,
    onRow: (RequestRow) -> Void = { _ in }, onProblem: ((Problem) -> Void)? = nil
  ) throws(BatchClientError) {
    let seed = UInt64.random(in: .min ... .max)
    try self.init(
      checking: path, for: scope, limits: limits, endpoint: endpoint,
      hash: { id in
        var hasher = Hasher()
        hasher.combine(seed)
        id.withUnsafeBytes { hasher.combine(bytes: $0) }
        return UInt64(bitPattern: Int64(hasher.finalize()))
      }, onRow: onRow, onProblem: onProblem)
  }

  /// Checks a file with a hash of one's own for its ids.
  init(
    checking path: String, for scope: Scope, limits: Limits, endpoint: BatchEndpoint?,
    hash: (ArraySlice<UInt8>) -> UInt64, onRow: (RequestRow) -> Void = { _ in },
    onProblem: ((Problem) -> Void)? = nil
  ) throws(BatchClientError) {
    let isWhole: Bool
    do throws(FileFailure) {
      var check = try RequestCheck(path: path, scope: scope, limits: limits, endpoint: endpoint)
      isWhole = try check.run(hash: hash, onRow: onRow, onProblem: onProblem)
      self = check.file
    } catch {
      throw BatchClientError(error, operation: "checkRequests")
    }
    guard isWhole else { throw .cancelled("checkRequests") }
  }

  /// Throws when the file is not as it was checked.
  ///
  /// - Throws: ``BatchClientError`` of kind `file`.
  package func requireUnchanged(operation: String) throws(BatchClientError) {
    do throws(FileFailure) {
      guard try RandomAccessFile(path: path).version == version else {
        throw FileFailure(path: path, reason: "has changed since it was checked")
      }
    } catch {
      throw BatchClientError(error, operation: operation)
    }
  }

  /// Throws when there are problems.
  ///
  /// - Parameters:
  ///   - operation: The operation for which the file is checked.
  ///   - name: What to call the file in the message; its path by default.
  /// - Throws: ``BatchClientError`` of kind `invalidRequest` that lists the first problems and counts the rest.
  public func requireValid(operation: String = "checkRequests", named name: String? = nil)
    throws(BatchClientError)
  {
    guard problemCount > 0 else { return }
    let name = name ?? path
    let shown = problems.prefix(20).map { "\(name):\($0)" }
    let rest = problemCount > shown.count ? "\nand \(problemCount - shown.count) more" : ""
    throw BatchClientError(.invalidRequest, operation: operation, shown.joined(separator: "\n") + rest)
  }
}
