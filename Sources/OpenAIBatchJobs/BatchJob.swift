// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatch
internal import OpenAIBatchJSON

/// The main job: a file of request lines in, one answer per row out, in input order.
///
/// The file is checked, uploaded, made into a batch, watched until it ends, and both result files are joined
/// with its rows by `custom_id`. A job keeps no state of its own: its key, a hash of what it does, is stamped
/// on the batch, so that the same job started again, after a crash or on another machine, finds its batch and
/// goes on with it.
///
/// ```swift
/// let job = BatchJob(input: "requests.jsonl", output: .file("answers.jsonl"), client: client)
/// let report = try await job.run { event in print(event) }
/// ```
public struct BatchJob: Sendable {
  /// Where the answers go.
  public enum Output: Sendable {
    /// A file, which appears when all answers are in it.
    case file(String)
    /// A function that takes them, a piece at a time.
    case stream(@Sendable (ArraySlice<UInt8>) throws -> Void)
  }

  /// How a job is done.
  public struct Options: Sendable {
    /// The endpoint that each row must name; by default that of the first row.
    public var endpoint: BatchEndpoint?
    /// How long the service may take.
    public var completionWindow: CompletionWindow = .hours24
    /// At most 15 pairs for the batch.
    public var metadata: [String: String]?
    /// When the service deletes the result files; 30 days after they are made if not given.
    public var outputExpiresAfter: FileExpiration?
    /// A key of your own, in place of the hash of input, endpoint, window and metadata: one for each input. It must not
    /// end in a slash and a number: the batches that follow the first are marked so.
    public var key: String?
    /// How far back an earlier batch of this job is looked for; 48 hours by default. An older one is not found, and
    /// its rows are paid for again.
    public var lookBack: Duration = .seconds(48 * 3600)
    /// Always makes a new batch, even if there is an earlier one to go on with.
    public var isFresh = false
    /// Replaces whatever file is under the output's name, but never the input.
    ///
    /// Without it, only a file with one result for each row of the input, with its ids in its order, is replaced: as
    /// this job writes it, but also another job over rows of the same ids.
    public var overwritesOutput = false
    /// How often to ask while waiting.
    public var polling: Polling = .adaptive
    /// The longest wait; by default until one hour past the batch's expiry.
    public var timeout: Duration?
    /// What the service takes in one batch.
    public var limits: RequestFile.Limits = .openAI

    /// Creates the default options.
    public init() {}
  }

  let input: String
  let output: Output
  let client: BatchClient
  let options: Options

  /// Creates a job; nothing is done before ``run(progress:)``.
  ///
  /// - Parameters:
  ///   - input: The path of a JSON Lines file of requests.
  ///   - output: Where the answers go.
  ///   - client: The client to use.
  ///   - options: How the job is done.
  public init(input: String, output: Output, client: BatchClient, options: Options = Options()) {
    self.input = input
    self.output = output
    self.client = client
    self.options = options
  }

  /// Checks the input file, without sending anything.
  ///
  /// - Throws: ``BatchClientError``: kind `file` when it cannot be read, `invalidRequest` with the problems.
  public func check() throws(BatchClientError) -> RequestFile {
    let file = try RequestFile(checking: input, limits: options.limits, endpoint: options.endpoint)
    try file.requireValid()
    return file
  }

  /// Does the job, or goes on with it.
  ///
  /// A cancelled task, a timeout or an error never cancels the batch: run the job again to go on.
  ///
  /// - Parameter progress: Told what happens, as it happens.
  /// - Returns: What became of the rows. Rows that have no answer are in the output, too, with the reason.
  /// - Throws: ``BatchClientError``: `file` also when the input has changed since it was checked, `batchFailed` when
  ///   the service refused the file, `timedOut` from `waitUntilEnded` when the batch runs on.
  @discardableResult
  public func run(
    progress: @Sendable (JobEvent) -> Void = { _ in }
  ) async throws(BatchClientError) -> JobReport {
    let file = try check()
    progress(.checked(file))
    // Opened before anything is paid for: it proves that the answers can be kept, and keeps a second process
    // from doing the same job into the same file.
    let sink = try JobOutput(output, input: input, options: options)
    try client.checkRoomForAccount()
    let search = JobSearch(client: client, key: try JobKey(of: file, options), options: options)
    let batch = try await batch(for: file, search, progress)
    let ended = try await namingItsFiles(try await waitUntilEnded(batch, search, progress))
    progress(.fetching(ended))
    do throws(BatchClientError) {
      try file.requireUnchanged(operation: "account")
    } catch {
      throw BatchClientError(
        .file, operation: error.operation,
        "\(error.message). With the input as it was, the same job finds its batch \(ended.id) again",
        underlying: error)
    }
    let account = try await account(of: ended, search, hasJustEnded: !batch.status.isTerminal)
    for row in 0..<account.count {
      if Task.isCancelled { throw .cancelled("writeAnswers") }
      try sink.write(try account.line(at: row))
    }
    try sink.commit()
    let report = JobReport(batch: ended, audit: try account.audit())
    progress(.finished(report))
    return report
  }

  private func batch(
    for file: RequestFile, _ search: JobSearch, _ progress: @Sendable (JobEvent) -> Void
  ) async throws(BatchClientError) -> Batch {
    let earlier = try await search.earlierBatches()
    if !options.isFresh, let batch = try await search.usable(among: earlier, progress) {
      progress(.adopted(batch))
      return batch
    }
    let name = search.nextName(after: earlier)
    let request = CreateBatchRequest(
      inputFileID: "", endpoint: file.endpoint ?? "", completionWindow: options.completionWindow,
      metadata: options.metadata, outputExpiresAfter: options.outputExpiresAfter)
    try request.checkBeforeUpload(key: name)
    let known = try await search.uploads(bytes: file.bytes)
    let upload =
      if let newest = known.first { newest } else { try await upload(file, search, progress) }
    progress(.uploaded(upload))
    var ready = request
    ready.inputFileID = upload.id
    if !known.isEmpty, !options.isFresh {
      let unmarked = try await search.unmarkedBatches(of: known, endpoint: request.endpoint)
      if let batch = try await search.usable(among: unmarked, progress) {
        progress(.adopted(batch))
        return batch
      }
    }
    let batch = try await client.createBatch(ready, unseenKey: name, lookBack: options.lookBack)
    // The older batch of another run at the same time stays, whatever it was made of.
    if batch.inputFileID != upload.id { try await search.requireSameInput(batch) }
    progress(.created(batch))
    return batch
  }

  private func upload(
    _ file: RequestFile, _ search: JobSearch, _ progress: @Sendable (JobEvent) -> Void
  ) async throws(BatchClientError) -> FileObject {
    progress(.uploading(file))
    return try await client.uploadFile(file, named: search.key.uploadName)
  }

  /// Waits for the batch, or for the one that stays where this one was a twin.
  private func waitUntilEnded(
    _ batch: Batch, _ search: JobSearch, _ progress: @Sendable (JobEvent) -> Void
  ) async throws(BatchClientError) -> Batch {
    var batch = batch
    let end = options.timeout.map { client.clock.now().advanced(by: $0) }
    while let other = try await wait(for: &batch, until: end, search, progress) {
      progress(.adopted(other))
      batch = other
    }
    return batch
  }

  /// When a run that waits looks for twins: a request of a process that died, or of another run, may reach the list
  /// long after the look that followed the create.
  private static let looksForTwins: [Duration] = [.seconds(15), .seconds(90)]

  /// Waits for the batch's end.
  ///
  /// - Returns: The batch to go on with, if it is another one.
  private func wait(
    for batch: inout Batch, until end: ContinuousClock.Instant?, _ search: JobSearch,
    _ progress: @Sendable (JobEvent) -> Void
  ) async throws(BatchClientError) -> Batch? {
    if !batch.status.isTerminal {
      let start = client.clock.now()
      let timeout = end.map { max(start.duration(to: $0), .zero) }
      var updates = client.updates(of: batch.id, polling: options.polling, timeout: timeout)
        .makeAsyncIterator()
      var looks = Self.looksForTwins[...]
      while let update = try await updates.next() {
        progress(.update(update))
        batch = update.batch
        guard !batch.status.isTerminal, let due = looks.first, start.duration(to: client.clock.now()) >= due
        else { continue }
        do throws(BatchClientError) {
          if let other = try await search.other(than: batch, progress) { return other }
          looks.removeFirst()
        } catch  where !error.isCancellation {
          // The next update is soon enough for another look, unless this key may not look at all.
          if !JobSearch.isPassing(error) { looks.removeFirst() }
        }
      }
    }
    return batch.status == .cancelled ? try await search.other(than: batch, progress) : nil
  }

  /// The batch with its answers' file, which some services name a moment after the end only.
  private func namingItsFiles(_ batch: Batch) async throws(BatchClientError) -> Batch {
    var batch = batch
    for pause in JobSearch.pausesForFiles where batch.hasAnswersWithoutFile {
      try await client.pause(pause, operation: "results")
      batch = try await client.retrieveBatch(batch.id)
    }
    return batch
  }

  /// What came back of the batch.
  private func account(
    of batch: Batch, _ search: JobSearch, hasJustEnded: Bool
  ) async throws(BatchClientError) -> sending RowAccount {
    do throws(BatchClientError) {
      let account = try await client.account(of: batch, input: input, keepsLines: true)
      if account.deletion == nil || !hasJustEnded { return account }
    } catch  where error.kind == .notFound && hasJustEnded {
      // The files of a batch may be there a moment after its end.
    }
    for pause in JobSearch.pausesForFiles {
      try await client.pause(pause, operation: "results")
      if try await search.canRead([batch.outputFileID, batch.errorFileID].compactMap(\.self)) { break }
    }
    return try await client.account(of: batch, input: input, keepsLines: true)
  }
}

extension Batch {
  /// Whether it says that rows were answered, and not where.
  fileprivate var hasAnswersWithoutFile: Bool {
    outputFileID == nil && (requestCounts.completed > 0 || status == .completed && errorFileID == nil)
  }
}

extension CreateBatchRequest {
  /// Checks what can be checked before the file has an id: nothing is uploaded for a request that cannot work.
  fileprivate func checkBeforeUpload(key: String) throws(BatchClientError) {
    var complete = try stamped(with: key)
    complete.inputFileID = "file"
    do throws(InvalidParameter) {
      try complete.validate()
    } catch {
      throw BatchClientError(error, operation: "createBatch")
    }
  }
}
