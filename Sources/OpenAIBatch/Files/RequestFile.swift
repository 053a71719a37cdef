// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
public import OpenAIBatchModels
internal import OpenAIBatchTransport

/// A file of request lines, checked in one pass before it is sent: what the service would refuse hours later
/// is said now, with its line.
public struct RequestFile: Sendable {
  /// What the service takes in one batch.
  public struct Limits: Sendable, Hashable {
    /// The most rows.
    public var rows: Int
    /// The most bytes.
    public var bytes: Int64

    /// Creates limits.
    public init(rows: Int, bytes: Int64) {
      self.rows = rows
      self.bytes = bytes
    }

    /// 50,000 rows and 209,715,200 bytes (200 MB).
    public static let openAI = Limits(rows: 50_000, bytes: 209_715_200)
  }

  /// Something that the service would refuse.
  public struct Problem: Sendable, Hashable, CustomStringConvertible {
    /// The line, counted from 1; `nil` for the file as a whole.
    public let line: Int?
    /// The name that the service has for it.
    public let code: ErrorCode
    /// The problem in words.
    public let message: String

    /// `12: invalid_url: …`
    public var description: String {
      [line.map(String.init), code.rawValue, message].compactMap(\.self).joined(separator: ": ")
    }
  }

  /// The most problems that are kept; further ones are counted.
  public static let maximumProblems = 100

  /// The file's path.
  public let path: String
  /// How many rows it has; blank lines are none.
  public private(set) var rows = 0
  /// Its length in bytes.
  public private(set) var bytes: Int64 = 0
  /// The endpoint of the first row that names one.
  public private(set) var endpoint: BatchEndpoint?
  /// The model of the first row that names one.
  public private(set) var model: String?
  /// The first ``maximumProblems`` problems, by line.
  public private(set) var problems: [Problem] = []
  /// How many problems there are in all.
  public private(set) var problemCount = 0

  private let limits: Limits
  private var ids: CustomIDs
  /// How many more problems of lines this pass may keep.
  private var room = Self.maximumProblems

  /// Checks a file: JSON on each line, the required keys, unique `custom_id`s, one endpoint, one model, no
  /// `stream`, no byte order mark, and the limits.
  ///
  /// - Parameters:
  ///   - path: A regular file.
  ///   - limits: What the service takes.
  ///   - endpoint: The endpoint that each row must name; by default that of the first row.
  /// - Throws: ``BatchClientError`` of kind `file` when it cannot be read. Problems of the content are not
  ///   thrown: see ``problems``.
  public init(
    checking path: String, limits: Limits = .openAI, endpoint: BatchEndpoint? = nil
  ) throws(BatchClientError) {
    let seed = UInt64.random(in: .min ... .max)
    try self.init(checking: path, limits: limits, endpoint: endpoint) { id in
      var hasher = Hasher()
      hasher.combine(seed)
      hasher.combine(id)
      return UInt64(bitPattern: Int64(hasher.finalize()))
    }
  }

  /// Checks a file with a hash of one's own for its ids.
  init(
    checking path: String, limits: Limits, endpoint: BatchEndpoint?, hash: (RowID) -> UInt64
  ) throws(BatchClientError) {
    self.path = path
    self.limits = limits
    self.endpoint = endpoint
    ids = CustomIDs()
    do throws(FileFailure) {
      try check(hash)
      try findDuplicates()
    } catch {
      throw BatchClientError(error, operation: "checkRequests")
    }
    problems.sort { ($0.line ?? 0) < ($1.line ?? 0) }
    problems = Array(problems.prefix(Self.maximumProblems))
    // Nothing that is as long as the file stays.
    ids = CustomIDs()
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

  private mutating func check(_ hash: (RowID) -> UInt64) throws(FileFailure) {
    let file = try FileBytes(path: path)
    bytes = file.length
    if bytes > limits.bytes {
      report(nil, "file_too_large", "The file has \(bytes) bytes; a batch takes at most \(limits.bytes).")
    }
    var lines = JSONLineSplitter()
    while let chunk = try file.next() {
      lines.append(chunk)
      while let line = lines.next() { check(line, hash) }
    }
    if let line = lines.finish() { check(line, hash) }
    if lines.hadByteOrderMark {
      report(
        1, .invalidJSONLine, "The file begins with a byte order mark (EF BB BF); save it as UTF-8 without.")
    }
    if rows == 0 { report(nil, "empty_file", "The file has no rows.") }
    if rows > limits.rows {
      report(nil, "too_many_tasks", "The file has \(rows) rows; a batch takes at most \(limits.rows).")
    }
  }

  private mutating func check(_ line: JSONLine, _ hash: (RowID) -> UInt64) {
    rows += 1
    let row: JSONValue
    do throws(JSONFailure) {
      row = try line.parse()
    } catch {
      let place = error.offset.map { " at byte \($0)" } ?? ""
      return report(line.number, .invalidJSONLine, "not valid JSON\(place): \(error.message)")
    }
    guard row.kind == .object else { return report(line.number, .invalidJSONLine, "not a JSON object") }
    let found = RequestLine(row, number: line.number)
    if let id = found.customID, !id.isEmpty {
      ids.insert(hash(RowID(id)), line: line.number)
    } else {
      report(line.number, "missing_required_parameter", "custom_id must be a text that is not empty")
    }
    if found.method != "POST" {
      let value = found.method.map { "is \"\($0.prefix(20))\"" } ?? "is missing"
      report(line.number, "invalid_method", "method \(value); it must be \"POST\"")
    }
    check(url: found.url, line.number)
    check(body: found.body, line.number)
  }

  private mutating func check(url: String?, _ line: Int) {
    guard let url, !url.isEmpty else {
      return report(
        line, "missing_required_parameter", "url must be the batch's endpoint, such as /v1/responses")
    }
    let endpoint = endpoint ?? BatchEndpoint(url)
    self.endpoint = endpoint
    if url != endpoint.rawValue {
      report(line, "invalid_url", "url is \"\(url.prefix(80))\"; the batch's endpoint is \"\(endpoint)\"")
    }
  }

  private mutating func check(body: JSONValue?, _ line: Int) {
    guard let body, body.kind == .object else {
      return report(line, "missing_required_parameter", "body must be a JSON object")
    }
    if let stream = body["stream"], !stream.isNull, stream.bool != false {
      report(line, "streaming_unsupported", "body.stream is not possible in a batch; leave it out")
    }
    guard let model = body["model"]?.string, !model.isEmpty else {
      return report(line, "missing_required_parameter", "body.model must name a model")
    }
    if let first = self.model, first != model {
      report(
        line, "mismatched_model", "body.model is \"\(model.prefix(80))\"; the first row's is \"\(first)\"")
    }
    self.model = self.model ?? model
  }

  /// Two lines with equal hashes are compared in a second pass, which a file without duplicates never needs.
  private mutating func findDuplicates() throws(FileFailure) {
    let suspects = ids.suspects
    guard !suspects.isEmpty else { return }
    room = Self.maximumProblems
    var first: [RowID: Int] = [:]
    var rows = try RequestLineReader(path: path)
    while let row = try rows.next() {
      guard suspects.contains(row.number), let id = row.customID.map(RowID.init) else { continue }
      if let earlier = first[id] {
        report(
          row.number, .duplicateCustomID,
          "custom_id \"\(id.text.prefix(80))\" is used already on line \(earlier)")
      } else {
        first[id] = row.number
      }
    }
  }

  private mutating func report(_ line: Int?, _ code: ErrorCode, _ message: String) {
    problemCount += 1
    // Each pass keeps as many as are shown, because those of the second are sorted in between.
    guard line == nil || room > 0 else { return }
    if line != nil { room -= 1 }
    problems.append(Problem(line: line, code: code, message: message))
  }
}

/// Which lines may have the same `custom_id`: eight bytes of hash and four of line for each row.
private struct CustomIDs {
  private var lines: [UInt64: UInt32] = [:]
  private(set) var suspects: Set<Int> = []

  mutating func insert(_ hash: UInt64, line: Int) {
    if let earlier = lines[hash] {
      suspects.insert(Int(earlier))
      suspects.insert(line)
    } else {
      lines[hash] = UInt32(clamping: line)
    }
  }
}
