// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// Waits for a batch.
struct WaitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Waits until a batch has ended, and shows it.")

  @Argument(help: "The batch's id.")
  var id: String

  @Option(
    name: .customLong("for"), help: ArgumentHelp("The longest wait; the batch runs on.", valueName: "time"))
  var longest: TimeSpan?

  @Option(help: ArgumentHelp("How often to ask.", valueName: "time"))
  var poll: TimeSpan?

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let client = try connection.makeClient()
    let detaching = Detaching(resume: Detaching.sameLine)
    detaching.follow(BatchID(id))
    let progress = ProgressView(isQuiet: connection.quiet)
    let polling = poll.map { Polling.every($0.duration) } ?? .adaptive
    do {
      for try await update in client.updates(of: BatchID(id), polling: polling, timeout: longest?.duration) {
        guard update.status.isTerminal else {
          progress.show(update.batch)
          continue
        }
        progress.finish()
        try output.write(update.batch, text: BatchText.details)
        try finish(update.batch)
      }
    } catch let error as BatchClientError where error.kind == .timedOut && error.operation == "waitUntilEnded"
    {
      progress.finish()
      Console.message("\(error.message)\nGo on with: \(Detaching.sameLine)")
      throw ExitStatus.Exit(status: .stillRunning)
    }
  }

  private func finish(_ batch: Batch) throws {
    switch batch.status {
    case .failed:
      throw ExitStatus.Exit(status: batch.failure == .retryLater ? .quota : .refused)
    case .completed where batch.requestCounts.failed == 0 && batch.requestCounts.unfinished == 0:
      return
    default:
      throw ExitStatus.Exit(status: .incomplete)
    }
  }
}
