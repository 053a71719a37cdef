// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJSON
internal import OpenAIBatchJobs

/// Makes requests of a table.
struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Makes a file of requests of a table, a list or objects: one request for each row.",
    discussion: """
      From .csv with a header (RFC 4180: fields in double quotes may hold line ends), .tsv with a header (\\t, \\n, \\r \
      and \\\\ as escapes, and no quotes, as results writes it), .txt with one row on each line (its column is {text}), \
      and .jsonl with one object on each line. The template's {column} stands for the row's value; write {{ and }} \
      for braces. Ids are row numbers (row-1, row-2, …) unless --ids content makes them hashes of what is asked, \
      which stay the same when rows move, or --id-column names a column. All rows are checked as lint does before \
      anything appears.
      """)

  @Argument(help: "The file to read; - is stdin, which needs --from.")
  var input: String

  @Option(help: "The model of all rows.")
  var model: String

  @Option(help: "The text of each row, with {column} for the value of a column.")
  var template = "{text}"

  @Option(help: ArgumentHelp("What the model is told before each text.", valueName: "text"))
  var system: String?

  @Option(help: ArgumentHelp("The endpoint.", valueName: "path"))
  var endpoint = BatchEndpoint.chatCompletions.rawValue

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "A further parameter of each row, such as max_tokens=200; JSON, or else a text. May be repeated.",
      valueName: "k=v"))
  var settings: [Pair] = []

  @Option(help: "Where ids come from: row or content.")
  var ids = RowNames.Source.row

  @Option(help: ArgumentHelp("The column that has the ids, in place of --ids.", valueName: "column"))
  var idColumn: String?

  @Option(help: "How the input is written: csv, tsv, txt or jsonl; by default what its name says.")
  var from: SourceFormat?

  @OptionGroup var target: TargetOptions
  @OptionGroup var messages: MessageOptions

  func run() throws {
    guard let format = from ?? SourceFormat(path: input) else {
      throw CommandProblem(
        status: .usage,
        message:
          "\(input == "-" ? "stdin" : input): say how it is written with --from csv, tsv, txt or jsonl.")
    }
    let template = try readTemplate()
    let form = try BodyForm(
      endpoint: BatchEndpoint(endpoint), model: model, system: system, settings: settings)
    Signals.leaveNothingBehind()
    let source = try InputFile(input)
    try target.check(against: [source.path])
    let output = try CheckedOutput(target)
    let rows = try format.open(source)
    var names = RowNames()
    while let row = try rows.next() {
      try output.write(try line(row, template, form, &names)[...])
    }
    try finish(try output.plan(), output, source)
  }

  private func readTemplate() throws -> RowTemplate {
    do throws(RowTemplate.Failure) {
      return try RowTemplate(template)
    } catch {
      throw CommandProblem(status: .usage, message: "--template: \(error.message)")
    }
  }

  private func line(
    _ row: SourceRow, _ template: RowTemplate, _ form: BodyForm, _ names: inout RowNames
  ) throws -> [UInt8] {
    let body = try form.body(with: try template.text(of: row))
    let endpoint = BatchEndpoint(endpoint)
    let id: String
    if let idColumn {
      id = try row.value(of: idColumn)
      guard !id.isEmpty else { throw row.problem("the id in {\(idColumn)} is empty") }
    } else if ids == .content {
      id = names.unique(BatchRequest(endpoint: endpoint, bodyJSON: body).customID)
    } else {
      id = "row-\(row.number)"
    }
    do throws(JSONFailure) {
      return try BatchRequest(customID: id, endpoint: endpoint, bodyJSON: body).line()
    } catch {
      throw row.problem(error.message)
    }
  }

  private func finish(_ plan: JobPlan, _ output: CheckedOutput, _ source: InputFile) throws {
    let file = plan.input
    guard file.problemCount == 0 else {
      // Each row is one line here, so the problems' lines are numbers of rows.
      let shown = file.problems.prefix(20).map { problem in
        let place = problem.line.map { "\(source.name): row \($0)" } ?? source.name
        let text = problem.earlierLine.map { "the id is that of row \($0), too; try --ids content" }
        return "\(place): \(problem.code): \(text ?? problem.message)"
      }
      let rest = file.problemCount > shown.count ? "\nand \(file.problemCount - shown.count) more" : ""
      throw CommandProblem(
        status: .usage, message: "Nothing was written.\n\(shown.joined(separator: "\n"))\(rest)")
    }
    try output.finish()
    messages.say("\(source.name): \(BatchText.count(file.rows, "row")), \(BatchText.size(file.bytes))")
    guard target.output != "-" else { return }
    messages.say(
      plan.shards.count > 1
        ? "They take \(BatchText.count(plan.shards.count, "batch")): \(SplitAdvice.command(target.output))"
        : "Next: openai-batch run \(ShellWord.quoted(target.output)) --output answers.jsonl")
  }
}
