// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The main job.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs a file of requests as a batch and writes one answer per row, in input order.",
    discussion: """
      The same line again goes on where it was: the batch is found by a key that is a hash of input, endpoint, \
      window and metadata. Ctrl-C leaves the batch running.
      """)

  @Argument(help: "A JSON Lines file of requests; - is stdin.")
  var input: String

  @Option(name: .shortAndLong, help: ArgumentHelp("A file for the answers; - is stdout.", valueName: "file"))
  var output = "-"

  @Flag(help: "Replace any output; by default, only one with results of just these rows.")
  var overwrite = false

  @Option(help: ArgumentHelp("The endpoint; by default that of the first row.", valueName: "path"))
  var endpoint: String?

  @OptionGroup var creation: CreationOptions

  @Flag(help: "Always make a new batch: the rows are paid for again.")
  var fresh = false

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "The longest wait; the batch runs on after it. By default until an hour past its expiry.",
      valueName: TimeSpan.form))
  var longest: TimeSpan?

  @Option(
    help: ArgumentHelp(
      "How often to ask; by default at growing intervals, from 2s to 5m.", valueName: TimeSpan.form))
  var poll: TimeSpan?

  @OptionGroup(title: "Limits") var limits: LimitOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let detaching = Detaching(resume: Detaching.sameLine)
    let source = try StandardInput(input)
    // The file goes with its object, which nothing else would keep until the job is done.
    defer { withExtendedLifetime(source) {} }
    let path = source?.path ?? input
    // Checked before the key is asked for: an input that cannot work is the first thing to know.
    try checkInput(path)
    let client = try connection.makeClient()
    let progress = ProgressView(isQuiet: connection.quiet)
    let job = BatchJob(input: path, output: target, client: client, options: options)
    do {
      let report = try await job.run { event in show(event, detaching, progress) }
      progress.finish()
      if !report.isComplete { throw ExitStatus.Exit(status: .incomplete) }
    } catch let error as BatchClientError where error.isEndOfWaiting {
      progress.finish()
      Console.message("\(error.message)\nGo on with: \(Detaching.sameLine)")
      throw ExitStatus.Exit(status: .stillRunning)
    } catch let error as BatchClientError where error.kind == .batchFailed {
      progress.finish()
      throw Self.problem(of: error, input: input)
    }
  }

  private var target: BatchJob.Output {
    output == "-" ? .stream { try Console.write($0) } : .file(output)
  }

  private var options: BatchJob.Options {
    var options = BatchJob.Options()
    options.limits = limits.limits
    options.endpoint = endpoint.map { BatchEndpoint($0) }
    options.completionWindow = CompletionWindow(creation.window)
    options.metadata = creation.pairs
    options.outputExpiresAfter = creation.expiration
    options.key = creation.key
    options.lookBack = creation.lookBack.duration
    options.isFresh = fresh
    options.overwritesOutput = overwrite
    if let poll { options.polling = .every(poll.duration) }
    options.timeout = longest?.duration
    return options
  }

  private func checkInput(_ path: String) throws {
    let name = input == "-" ? "stdin" : input
    let file: RequestFile
    do throws(BatchClientError) {
      file = try RequestFile(checking: path, limits: limits.limits, endpoint: options.endpoint)
    } catch {
      throw CommandProblem(status: .usage, message: error.message)
    }
    do throws(BatchClientError) {
      try file.requireValid(named: name)
    } catch {
      let advice = SplitAdvice.text(for: file, named: input, limits.limits).map { "\n\($0)" } ?? ""
      throw CommandProblem(
        status: .usage, message: "The input has problems; nothing was sent.\n\(error.message)\(advice)")
    }
  }

  private func show(_ event: JobEvent, _ detaching: Detaching, _ progress: ProgressView) {
    switch event {
    case .checked(let file):
      let model = file.model.map { ", model \($0)" } ?? ""
      connection.say(
        "\(input): \(BatchText.count(file.rows, "row")), \(BatchText.size(file.bytes)), \(file.endpoint?.rawValue ?? "")\(model)"
      )
    case .answersGone(let batch):
      Console.message("The results of \(batch.id) are deleted: its rows are sent, and paid for, again.")
    case .cancelled(let twin):
      Console.message("Cancelled \(twin.id), a second batch of this job: rows that ran until now are billed.")
    case .adopted(let batch):
      detaching.follow([batch.id])
      connection.say("Found this job's batch \(batch.id) (\(batch.status)); going on with it.")
    case .uploading(let file): connection.say("Uploading \(BatchText.size(file.bytes)).")
    case .uploaded(let file): connection.say("Uploaded as \(file.id).")
    case .created(let batch):
      detaching.follow([batch.id])
      connection.say("Created batch \(batch.id).")
    case .update(let update): progress.show(update)
    case .fetching(let batch):
      progress.finish()
      connection.say("The batch ended \(batch.status); fetching results.")
    case .finished(let report): connection.say(JobText.summary(report, output: output))
    }
  }

  /// The batch's errors with the lines of the file that the user knows.
  static func problem(of error: BatchClientError, input: String) -> CommandProblem {
    let shown = error.batchErrors.prefix(20).map { fault in
      let place = fault.line.map { "\(input):\($0)" } ?? input
      return [place, fault.code?.rawValue, fault.message].compactMap(\.self).joined(separator: ": ")
    }
    let rest = error.batchErrors.count - shown.count
    var lines = [error.batchErrors.isEmpty ? error.message : "The batch failed."] + shown
    if rest > 0 { lines.append("and \(rest) more") }
    if error.isQuota { lines.append(BatchClientError.quotaAdvice) }
    return CommandProblem(status: error.isQuota ? .quota : .refused, message: lines.joined(separator: "\n"))
  }
}

/// A job's end as people read it.
enum JobText {
  static func summary(_ report: JobReport, output: String) -> String {
    AuditText.summary(report.audit) + (output == "-" ? "" : "\nAnswers: \(output)")
  }
}
