// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchModels
internal import OpenAIBatchTransport

/// Runs the rows of one batch in a shuffled order, one at a time: a row is read from disk, answered, and its
/// result written to disk. Of the data nothing stays in memory but the places of the rows.
struct RowRunner: Sendable {
  /// How far the batch has come.
  struct Progress: Sendable, Hashable {
    var done = 0
    var completed = 0
    var failed = 0
    var usage = RowUsage()
  }

  private(set) var progress = Progress()
  private let endpoint: BatchEndpoint
  private let rows: [InputPlan.Row]
  /// The rows' indices in the order in which they finish.
  private let order: [Int]
  private let reader: StoredFileReader
  private let output: FileSink
  private let errors: FileSink
  private let answer: @Sendable (SimulatedRequest) -> SimulatedAnswer
  private let faults: BatchFaults
  private var generator: SeededGenerator

  init(
    plan: InputPlan, endpoint: BatchEndpoint, reader: StoredFileReader, output: FileSink, errors: FileSink,
    faults: BatchFaults, generator: SeededGenerator,
    answer: @escaping @Sendable (SimulatedRequest) -> SimulatedAnswer
  ) {
    self.endpoint = endpoint
    self.rows = plan.rows
    self.reader = reader
    self.output = output
    self.errors = errors
    self.faults = faults
    self.answer = answer
    self.generator = generator
    order = rows.indices.shuffled(using: &self.generator)
  }

  /// Runs rows until `count` are done.
  ///
  /// - Parameter seconds: The time that the answers carry, in seconds since 1970.
  mutating func run(upTo count: Int, at seconds: Int) async throws(FileFailure) {
    while progress.done < min(count, rows.count) {
      let request = try read(rows[order[progress.done]])
      let fields = request.body.fields
      let tally = try write(outcome(of: request, fields), of: request, fields, at: seconds)
      progress.done += 1
      progress.completed += tally.completed
      progress.failed += tally.failed
      progress.usage += tally.usage
      // A cooperative thread is not held for the length of a large batch.
      if progress.done.isMultiple(of: 500) { await Task.yield() }
    }
  }

  /// Ends the rows that are not done.
  mutating func skipRest(as outcome: SimulatedAnswer) async throws(FileFailure) {
    for place in order[progress.done...].indices {
      // Rows that never ran are not counted as failed; the service does not either.
      _ = try write(outcome, of: try read(rows[order[place]]), [:], at: 0)
      if place.isMultiple(of: 500) { await Task.yield() }
    }
  }

  /// The two result files; `nil` for one that would be empty.
  func finish() throws(FileFailure) -> (output: StoredFile?, errors: StoredFile?) {
    let files = (output: try output.finish(), errors: try errors.finish())
    return (
      files.output.byteCount > 0 ? files.output : nil, files.errors.byteCount > 0 ? files.errors : nil
    )
  }

  private func read(_ row: InputPlan.Row) throws(FileFailure) -> SimulatedRequest {
    let bytes = try reader.read(row.length, at: row.offset)
    guard let value = try? JSONValue(parsing: bytes), let body = value["body"] else {
      throw FileFailure(path: "the input file", reason: "changed after its check")
    }
    return SimulatedRequest(
      customID: value["custom_id"]?.string ?? "", endpoint: endpoint, line: row.line, body: body)
  }

  private func outcome(of request: SimulatedRequest, _ fields: [String: JSONValue]) -> SimulatedAnswer {
    if progress.done < faults.droppedRows { return .dropped }
    if progress.done < faults.droppedRows + faults.duplicatedRows { return .duplicated }
    let user = fields["user"]?.string
    let prefix = "simulate:"
    let directive =
      fields["metadata"]?["simulate"]?.string
      ?? (user?.hasPrefix(prefix) == true ? user.map { String($0.dropFirst(prefix.count)) } : nil)
    return directive.flatMap(SimulatedAnswer.init(directive:)) ?? answer(request)
  }

  /// Writes what became of a row.
  private mutating func write(
    _ outcome: SimulatedAnswer, of request: SimulatedRequest, _ fields: [String: JSONValue], at seconds: Int
  ) throws(FileFailure) -> RowTally {
    let line = ResultLine(customID: request.customID, using: &generator)
    switch outcome.kind {
    case .dropped:
      return .completed()
    case .notRun(let code, let message):
      try errors.write(line.notRun(code: code, message: message))
      return .failed
    case .failure(let status, let code, let message):
      let error = ServiceError.injected(status: status, code: code, message: message)
      try errors.write(line.answered(status: status, body: error.body))
      return .failed
    case .echo, .text, .body, .duplicated:
      break
    }
    switch success(outcome, of: fields, id: line.requestID, at: seconds) {
    case .success(let success):
      let bytes = line.answered(status: 200, body: success.body)
      try output.write(bytes)
      if outcome.kind == .duplicated { try output.write(bytes) }
      return .completed(success.usage)
    case .failure(let error):
      try errors.write(line.answered(status: error.status, body: error.body))
      return .failed
    }
  }

  /// The body of a success, unless the endpoint refuses the request after all.
  private func success(
    _ outcome: SimulatedAnswer, of request: [String: JSONValue], id: String, at seconds: Int
  ) -> Result<EndpointAnswer, ServiceError> {
    var text: String?
    switch outcome.kind {
    case .body(let json): return EndpointAnswer.given(json)
    case .text(let words): text = words
    default: break
    }
    let source = EndpointAnswer.Source(
      endpoint: endpoint, request: request, text: text, createdAt: seconds, id: id)
    return Result { () throws(ServiceError) in try EndpointAnswer.make(source) }
  }
}

/// What one row adds to its batch.
struct RowTally: Sendable, Hashable {
  var completed = 0
  var failed = 0
  var usage = RowUsage()

  static func completed(_ usage: RowUsage = RowUsage()) -> RowTally { RowTally(completed: 1, usage: usage) }
  static let failed = RowTally(failed: 1)
}
