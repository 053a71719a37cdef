// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatch

/// Which rows of an input go into which batch, so that each batch keeps the limits and has one endpoint and one
/// model.
///
/// Rows stay in order: each goes into the open shard of its endpoint and model, and a shard is closed when the next
/// row would be too much for it. The same input and the same limits always give the same plan. A plan holds places
/// in the file and no rows; the file must stay as it is for as long as the plan is used.
///
/// ```swift
/// let plan = try JobPlan(input: "requests.jsonl")
/// for shard in plan.shards { try plan.write(shard, to: "requests-\(shard.number).jsonl") }
/// ```
public struct JobPlan: Sendable {
  /// The rows of one batch.
  public struct Shard: Sendable, Hashable {
    /// The shard's number in the plan, counted from 1.
    public let number: Int
    /// The endpoint of all its rows.
    public let endpoint: BatchEndpoint
    /// The model of all its rows.
    public let model: String
    /// How many rows it has: 1 or more.
    public internal(set) var rows = 0
    /// How many bytes they have, line ends included.
    public internal(set) var bytes: Int64 = 0
    /// How many inputs they have in all, for embeddings; else 0.
    public internal(set) var embeddingInputs = 0
    /// The line of its first row, counted from 1.
    public let firstLine: Int
    /// Where its rows stand in the input, in order. Rows that follow each other share a range.
    public internal(set) var ranges: [Range<Int64>] = []
  }

  /// The input, as it was checked.
  public let input: RequestFile
  /// The shards, by their first rows.
  public let shards: [Shard]

  /// Checks an input of any size and plans its batches, in one pass.
  ///
  /// Takes 11 to 22 bytes of memory for each row, and 16 more for each that has another endpoint or model than the
  /// one before it.
  ///
  /// - Parameters:
  ///   - path: A JSON Lines file of requests; at most 1 TiB, with at most 1,000 pairs of endpoint and model.
  ///   - limits: What the service takes in one batch.
  ///   - endpoint: The endpoint that each row must name; by default any.
  /// - Throws: ``BatchClientError``: kind `file` when the input cannot be read, `invalidRequest` with the problems
  ///   that splitting does not mend.
  public init(
    input path: String, limits: RequestFile.Limits = .openAI, endpoint: BatchEndpoint? = nil
  ) throws(BatchClientError) {
    try self.init(input: path, limits: limits, endpoint: endpoint) { (file) throws(BatchClientError) in
      try file.requireValid()
    }
  }

  /// Plans the sound rows of an input.
  ///
  /// - Parameter accept: Given the input before anything is planned that lacks rows.
  package init(
    input path: String, limits: RequestFile.Limits, endpoint: BatchEndpoint? = nil,
    accept: (RequestFile) throws(BatchClientError) -> Void
  ) throws(BatchClientError) {
    var shards: [Shard] = []
    /// The open shard of each pair of endpoint and model.
    var open: [Int?] = []
    input = try RequestFile(
      checking: path, for: .severalBatches, limits: limits, endpoint: endpoint,
      onRow: { row in
        // Rows with problems have numbers of groups, too, and do not come here.
        while open.count <= row.group { open.append(nil) }
        if let shard = open[row.group], shards[shard].hasRoom(for: row, limits) {
          shards[shard].add(row)
        } else {
          open[row.group] = shards.count
          var shard = Shard(
            number: shards.count + 1, endpoint: BatchEndpoint(row.endpoint), model: row.model,
            firstLine: row.line)
          shard.add(row)
          shards.append(shard)
        }
      })
    try accept(input)
    self.shards = shards
  }
}

extension JobPlan.Shard {
  fileprivate func hasRoom(for row: RequestRow, _ limits: RequestFile.Limits) -> Bool {
    rows < limits.rows && bytes + Int64(row.range.count) <= limits.bytes
      && embeddingInputs + row.embeddingInputs <= limits.embeddingInputs
  }

  fileprivate mutating func add(_ row: RequestRow) {
    rows += 1
    bytes += Int64(row.range.count)
    embeddingInputs += row.embeddingInputs
    if let last = ranges.last, last.upperBound == row.range.lowerBound {
      ranges[ranges.count - 1] = last.lowerBound..<row.range.upperBound
    } else {
      ranges.append(row.range)
    }
  }
}

extension JobPlan {
  /// Writes a shard's rows to a file, which appears when it is whole.
  ///
  /// - Parameters:
  ///   - shard: A shard of this plan.
  ///   - path: The file's path; an existing file is replaced.
  /// - Throws: ``BatchClientError`` of kind `file`, also when the input is not as it was when it was checked.
  public func write(_ shard: Shard, to path: String) throws(BatchClientError) {
    do throws(FileFailure) {
      try unfinishedFile(of: shard, at: path).commit(replacing: true)
    } catch {
      throw BatchClientError(error, operation: "writeShard")
    }
  }

  /// Writes a shard's rows to a file that is still to be committed.
  package func unfinishedFile(of shard: Shard, at path: String) throws(FileFailure) -> OutputFile {
    guard !OutputFile.replaces(input.path, at: path) else {
      throw FileFailure(path: path, reason: "is the input itself; choose another name")
    }
    var rows = try FileRanges(shard.ranges, of: input.path, version: input.version)
    let file = try OutputFile(replacing: path)
    while let bytes = try rows.next() { try file.write(bytes) }
    _ = try file.flush()
    return file
  }
}
