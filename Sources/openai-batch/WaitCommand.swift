// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// Waits for batches.
struct WaitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Waits until batches have ended, and shows each when it has.")

  @Argument(help: ArgumentHelp("The batches' ids.", valueName: "id"))
  var ids: [String]

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

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try output.target.check()
    let client = try connection.makeClient()
    let detaching = Detaching(resume: Detaching.sameLine)
    detaching.follow(ids.map(BatchID.init))
    let progress = ProgressView(isQuiet: connection.quiet, hasSeveral: ids.count > 1)
    let polling = poll.map { Polling.every($0.duration) } ?? .adaptive
    var statuses: Set<ExitStatus> = []
    var ended = try output.openList(text: BatchText.details)
    do {
      let updates = client.updates(of: ids.map(BatchID.init), polling: polling, timeout: longest?.duration)
      for try await update in updates {
        guard update.status.isTerminal else {
          progress.show(update)
          continue
        }
        progress.finish()
        try ended.write(update.batch)
        detaching.forget(update.batch.id)
        if let status = Self.status(after: update.batch) { statuses.insert(status) }
      }
      try ended.finish()
    } catch let error as BatchClientError {
      progress.finish()
      // What has ended until now is told all the same.
      try ended.finish()
      guard error.isEndOfWaiting, error.cause.isEndOfWaiting else { throw error }
      Console.message("\(error.message)\nGo on with: \(Detaching.sameLine)")
      throw ExitStatus.Exit(status: .stillRunning)
    }
    if let status = statuses.first {
      throw ExitStatus.Exit(status: statuses.count == 1 ? status : .incomplete)
    }
  }

  /// How the command ends for a batch that has ended; `nil` when every row is answered.
  private static func status(after batch: Batch) -> ExitStatus? {
    switch batch.status {
    case .failed: batch.failure == .retryLater ? .quota : .refused
    case .completed where batch.requestCounts.failed == 0 && batch.requestCounts.unfinished == 0: nil
    default: .incomplete
    }
  }
}
