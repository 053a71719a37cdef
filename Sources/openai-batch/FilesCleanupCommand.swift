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

extension FilesCommand {
  /// `files gc`
  struct GarbageCollection: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gc",
      abstract: "Deletes the files of batches that nobody needs any more.",
      discussion: """
        These are the input files of batches that have ended and, only with --collected, their results. A file of \
        a running batch, or of another purpose than batches, is never touched. What is deleted is listed first.
        """)

    @Option(
      help: ArgumentHelp("Only files that were made so long ago; by default 7d.", valueName: TimeSpan.form))
    var olderThan: TimeSpan?

    @Flag(help: "The results of all ended batches are safe elsewhere: delete them, too.")
    var collected = false

    @Flag(help: "Delete input files, too, that no batch was made of.")
    var unused = false

    @Flag(help: "List the files and delete none.")
    var dryRun = false

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try output.target.check()
      let client = try connection.makeClient()
      let plan = try await client.planCleanup(
        olderThan: olderThan?.duration ?? .seconds(7 * 86_400), collected: collected, unused: unused)
      try list(plan.items)
      let sum = "\(BatchText.count(plan.items.count, "file")), \(BatchText.size(Int64(plan.bytes)))"
      if plan.isTruncated { connection.say("There are more files than are looked at in one go.") }
      guard !dryRun, !plan.items.isEmpty else { return connection.say("\(sum) may go; nothing was deleted.") }
      guard try yes || isConfirmed(sum) else { return connection.say("Nothing was deleted.") }
      let outcome = try await client.cleanUp(plan)
      if outcome.spared > 0 {
        connection.say("In use by now, and left: \(BatchText.count(outcome.spared, "file")).")
      }
      connection.say(
        "\(BatchText.count(outcome.deleted, "file")) deleted, \(BatchText.size(Int64(outcome.bytes))).")
      if plan.isTruncated { connection.say("The same line again looks at the next files.") }
      guard outcome.failureCount == 0 else {
        for failure in outcome.failures.prefix(20) { Console.error("\(failure.file): \(failure.error)") }
        Console.error("Not deleted: \(BatchText.count(outcome.failureCount, "file")).")
        throw ExitStatus.Exit(status: .refused)
      }
    }

    private func list(_ items: [FileCleanup.Item]) throws {
      var list = try output.openList { (item: FileCleanup.Item) in
        "\(BatchText.pad(item.reason.rawValue, 8))  \(BatchText.line(item.file))"
      }
      for item in items { try list.write(item) }
      try list.finish()
    }

    private func isConfirmed(_ sum: String) throws -> Bool {
      guard isatty(STDIN_FILENO) == 1, Console.stderrIsTerminal else {
        throw CommandProblem(
          status: .usage,
          message: "\(sum) would be deleted. Say --yes to do it, or --dry-run to see them only.")
      }
      Console.message("Delete \(sum)? [y/N]")
      return ["y", "yes"].contains(readLine()?.lowercased())
    }
  }
}
