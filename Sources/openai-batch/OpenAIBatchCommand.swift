// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser

/// The command line's root.
@main
struct OpenAIBatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "openai-batch",
    abstract: "Runs jobs on the OpenAI Batch API: every row answered or explained, and paid for once.",
    discussion: """
      The work: run, wait, results, verify. The raw operations: batches, files. Without a key or a network: \
      prepare, lint, stats, split, merge, sample for files of requests, and demo, simulate.

      OPENAI_API_KEY is read from the environment; OPENAI_BASE_URL, OPENAI_ORG_ID and OPENAI_PROJECT_ID, too, \
      when they are set. Data goes to stdout, messages and progress to stderr. `openai-batch help exit-codes` \
      lists the exit codes.
      """,
    version: "0.1.0",
    subcommands: commands)

  private static var commands: [any ParsableCommand.Type] {
    var commands: [any ParsableCommand.Type] = [
      RunCommand.self, WaitCommand.self, ResultsCommand.self, VerifyCommand.self, BatchesCommand.self,
      FilesCommand.self, PrepareCommand.self, LintCommand.self, StatsCommand.self, SplitCommand.self,
      MergeCommand.self, SampleCommand.self,
    ]
    #if Simulator
    commands += [DemoCommand.self, SimulateCommand.self]
    #endif
    return commands + [ExitCodesCommand.self]
  }

  static func main() async {
    Console.claimDescriptors()
    Console.ignoreSignalsOfWrites()
    do {
      try Console.checkArguments()
      var command = try parseAsRoot(Pair.spreading(Array(CommandLine.arguments.dropFirst())))
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      ExitStatus.exit(with: error)
    }
  }
}
