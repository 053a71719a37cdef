// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// The results of a batch.
struct ResultsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "results",
    abstract:
      "Writes the results of a batch that has ended: both files, in their order or in that of the input.",
    discussion: """
      Fields are id, status (answered, or the kind of the failure), text, error, code, and paths into the result \
      line or the answer's body, such as usage.total_tokens or choices.0.finish_reason. A table has id, status, \
      text and error if no others are named: CSV by RFC 4180, TSV with \\t, \\n, \\r and \\\\ as escapes.
      """)

  @Argument(help: "The batch's id.")
  var id: String

  @Flag(help: "One line for each row of the input, in its order; rows without a result say so.")
  var ordered = false

  @Option(help: ArgumentHelp("The file that was uploaded for the batch.", valueName: "file"))
  var input: String?

  @Flag(help: "Take what there is of a batch that still runs, where the provider offers it.")
  var partial = false

  @Flag(help: "Only rows that were not answered.")
  var failed = false

  @Option(help: ArgumentHelp("What to write of each result.", valueName: "a,b.c"))
  var fields: ResultFields?

  @OptionGroup var target: TargetOptions

  @Option(
    help: "text, json, jsonl, csv or tsv; by default text on a terminal, jsonl in a pipe or a file.")
  var format: ResultWriter.Format?

  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard ordered == (input != nil) else {
      throw ValidationError("--ordered and --input belong together: the rows of the input give the order.")
    }
  }

  func run() async throws {
    let client = try connection.makeClient()
    Signals.leaveNothingBehind()
    let source = try input.map(InputFile.init)
    try target.check(against: input.map { [$0] } ?? [])
    let batch = try await client.retrieveBatch(BatchID(id))
    let isComplete =
      if let source {
        try await writeOrdered(batch, source, client)
      } else {
        try await writeLines(batch, client)
      }
    if !batch.status.isTerminal { throw ExitStatus.Exit(status: .stillRunning) }
    if !isComplete { throw ExitStatus.Exit(status: .incomplete) }
  }

  /// Writes a line for each row of the input; tells whether all are answered.
  private func writeOrdered(_ batch: Batch, _ input: InputFile, _ client: BatchClient) async throws -> Bool {
    let account = try await client.account(of: batch, input: input.path, keepsLines: true, isPartial: partial)
    var writer = try makeWriter()
    for row in 0..<account.count { try write(account.result(at: row), to: &writer) }
    try writer.finish()
    let audit = try account.audit()
    connection.say(AuditText.summary(audit))
    if let deletion = account.deletion { throw deletion }
    return audit.isComplete
  }

  /// Writes the lines of both files; tells whether all rows that the batch counts are there and answered.
  private func writeLines(_ batch: Batch, _ client: BatchClient) async throws -> Bool {
    var writer = try makeWriter()
    var (answered, failed, nameless) = (0, 0, 0)
    var deletion: BatchClientError?
    var lines = client.resultLines(of: batch, partial: partial).makeAsyncIterator()
    while let line = try await next(of: &lines, &deletion) {
      if case .success = line.result.outcome { answered += 1 } else { failed += 1 }
      if line.result.customID.isEmpty { nameless += 1 }
      try write(line, to: &writer)
    }
    if let deletion, answered + failed == 0 { throw deletion }
    try writer.finish()
    // A batch that runs has not yet all it will have.
    let total = batch.status.isTerminal ? max(0, batch.requestCounts.total) : 0
    let missing = max(0, total - answered - failed)
    let surplus = total > 0 ? max(0, answered + failed - total) : 0
    let odd = [
      (missing, "missing"), (surplus, "more than the batch has rows"), (nameless, "without custom_id"),
    ]
    connection.say(
      "\(answered) answered, \(failed) failed"
        + odd.filter { $0.0 > 0 }.map { ", \($0.0) \($0.1)" }.joined() + ".")
    if let deletion { throw deletion }
    return failed == 0 && odd.allSatisfy { $0.0 == 0 }
  }

  /// The next line; at the end of the lines that are there, why others are not.
  private func next(
    of lines: inout ResultRows<ResultLine>.Iterator, _ deletion: inout BatchClientError?
  ) async throws(BatchClientError) -> ResultLine? {
    do throws(BatchClientError) {
      return try await lines.next()
    } catch {
      guard error.kind == .notFound else { throw error }
      deletion = error
      return nil
    }
  }

  private func makeWriter() throws -> ResultWriter {
    try ResultWriter(target, format: format, fields: fields?.fields)
  }

  private func write(_ line: ResultLine, to writer: inout ResultWriter) throws {
    if failed, case .success = line.result.outcome { return }
    try writer.write(line)
  }
}
