// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels
internal import OpenAIBatchTransport

/// What all batches of a simulator share.
struct BatchSurroundings: Sendable {
  let time: SimulatedTime
  let files: FileStore
  let queuedTokens: QueuedTokens
  let models: Set<String>?
  let answer: @Sendable (SimulatedRequest) -> SimulatedAnswer
}

/// A batch at one moment of its life, and how it gets to a later one.
///
/// Work is done only when somebody looks: the check of the input file, the rows that finished in the meantime,
/// and at the end the result files. What is seen depends on the time alone, not on how often one looks.
struct BatchRun: Sendable {
  let id: String
  let creation: BatchCreation
  private(set) var timeline: BatchTimeline
  private(set) var errors: [BatchInputError] = []
  private(set) var model: String?
  private(set) var rowCount = 0
  private(set) var progress = RowRunner.Progress()
  private(set) var outputFileID: String?
  private(set) var errorFileID: String?
  private var input: StoredFile?
  private let faults: BatchFaults
  private var generator: SeededGenerator
  private var runner: RowRunner?
  /// The latest moment that this batch was brought to; time does not run backwards from it.
  private(set) var moment: Duration

  /// - Parameter input: `nil` when there is no file with the id that the creation names.
  init(
    id: String, creation: BatchCreation, input: StoredFile?, timeline: BatchTimeline, faults: BatchFaults,
    generator: SeededGenerator
  ) {
    self.id = id
    self.creation = creation
    self.input = input
    self.timeline = timeline
    self.faults = faults
    self.generator = generator
    moment = timeline.created
  }

  var status: BatchStatus { timeline.status(at: moment) }

  /// Whether nothing can change any more.
  var isSettled: Bool { status.isTerminal && runner == nil }

  /// Brings the batch to `moment`.
  mutating func advance(to moment: Duration, in surroundings: BatchSurroundings) async {
    self.moment = max(self.moment, moment)
    do throws(FileFailure) {
      if timeline.needsPlan(at: self.moment) { try await checkInput(in: surroundings) }
      try await runRows(in: surroundings)
    } catch {
      // The disk is full or the folder is gone; a real service would call it its own fault, too.
      runner = nil
      refuse([BatchInputError(code: "server_error", message: "The simulator failed: \(error)")])
    }
    // A deleted file stays on disk for as long as somebody reads it.
    if isSettled { input = nil }
  }

  /// Asks to cancel, at the moment to which the batch was brought last.
  mutating func cancel(in surroundings: BatchSurroundings) {
    timeline.cancel(at: moment)
    if let end = timeline.end { surroundings.queuedTokens.end(id, at: end) }
  }

  private mutating func checkInput(in surroundings: BatchSurroundings) async throws(FileFailure) {
    if let (code, message) = faults.failure {
      return refuse([BatchInputError(code: code, message: message)])
    }
    guard let input else {
      let message =
        "Cannot find file \(creation.inputFileID), or organization that owns the API key has no access to it."
      return refuse([BatchInputError(code: "invalid_request", message: message, param: "file_id")])
    }
    let verdict = try await InputCheck.check(
      input, endpoint: creation.endpoint.rawValue, models: surroundings.models)
    switch verdict {
    case .failure(let refusal): refuse(refusal.errors)
    case .success(let plan): try accept(plan, of: input, in: surroundings)
    }
  }

  private mutating func refuse(_ errors: [BatchInputError]) {
    timeline.plan = .refused
    self.errors = errors
  }

  private mutating func accept(
    _ plan: InputPlan, of input: StoredFile, in surroundings: BatchSurroundings
  ) throws(FileFailure) {
    timeline.plan = .accepted(rows: plan.rows.count)
    model = plan.model
    let isQueued = surroundings.queuedTokens.reserve(
      plan.inputTokens, model: plan.model ?? "", for: id, from: timeline.validated,
      until: timeline.end ?? timeline.deadline)
    guard isQueued else {
      let message =
        "Enqueued token limit reached for \(plan.model ?? "this model"). Try again when batches are done."
      return refuse([BatchInputError(code: "token_limit_exceeded", message: message)])
    }
    rowCount = plan.rows.count
    runner = RowRunner(
      plan: plan, endpoint: creation.endpoint, reader: try input.open(),
      output: try surroundings.files.makeSink(name: "\(id)_output"),
      errors: try surroundings.files.makeSink(name: "\(id)_error"), faults: faults,
      generator: generator.split(), answer: surroundings.answer)
  }

  private mutating func runRows(in surroundings: BatchSurroundings) async throws(FileFailure) {
    guard var runner else { return }
    self.runner = nil
    let seconds = surroundings.time.unixSeconds(moment)
    try await runner.run(upTo: timeline.rowsDone(at: moment), at: seconds)
    progress = runner.progress
    switch status {
    case .expired: try await runner.skipRest(as: .expired)
    case .cancelled: try await runner.skipRest(as: .cancelled)
    case .completed: break
    default:
      self.runner = runner
      return
    }
    let files = try runner.finish()
    outputFileID = publish(files.output, as: "output", in: surroundings)
    errorFileID = publish(files.errors, as: "error", in: surroundings)
  }

  private mutating func publish(
    _ content: StoredFile?, as kind: String, in surroundings: BatchSurroundings
  ) -> String? {
    guard let content else { return nil }
    let createdAt = surroundings.time.unixSeconds(timeline.end ?? moment)
    let fileID = "file-\(generator.alphanumericID())"
    surroundings.files.add(
      FileStore.Entry(
        id: fileID, filename: "\(id)_\(kind).jsonl", purpose: "batch_output", createdAt: createdAt,
        expiresAt: createdAt + creation.resultLifetime, content: content))
    return fileID
  }
}
