// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// The account of a batch.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract:
      "Accounts for every row of the input: answered, failed and why, missing, duplicate, unexpected.",
    discussion: """
      Of several results for one row the first answer counts, else the first failure. With --results it reads \
      files on disk and needs neither a key nor a network.
      """)

  @Argument(help: "The id of a batch that has ended.")
  var id: String?

  @Option(help: ArgumentHelp("The file that was uploaded for it.", valueName: "file"))
  var input: String

  @Option(
    help: ArgumentHelp("A result file on disk, in place of a batch; may be repeated.", valueName: "file"))
  var results: [String] = []

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (id == nil) != results.isEmpty else {
      throw ValidationError("Name either a batch or its result files with --results.")
    }
  }

  func run() async throws {
    Signals.leaveNothingBehind()
    let source = try InputFile(input)
    let files = try results.map(InputFile.init)
    try output.target.check(against: results + [input])
    let audit = try await audit(of: files.map(\.path), input: source.path)
    withExtendedLifetime((source, files)) {}
    guard audit.rows > 0 else {
      throw CommandProblem(status: .usage, message: "\(input) has no rows.")
    }
    try output.write(AuditRecord(audit), text: { _ in AuditText.summary(audit) })
    if !audit.isComplete { throw ExitStatus.Exit(status: .incomplete) }
  }

  private func audit(of files: [String], input: String) async throws -> BatchAudit {
    guard let id else { return try BatchAudit(ofResultFiles: files, input: input) }
    let client = try connection.makeClient()
    return try await client.audit(try await client.retrieveBatch(BatchID(id)), input: input)
  }
}
