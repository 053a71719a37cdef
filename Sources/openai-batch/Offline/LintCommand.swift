// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// Checks a file of requests.
struct LintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint",
    abstract: "Checks a file of requests: all that the service would refuse, by line.",
    discussion: """
      One JSON object on each line with custom_id, method, url and body; unique ids, one endpoint, one model, no \
      stream, and the limits of a batch. Sends nothing and needs no key. Exits with 2 when there are problems.
      """)

  @Argument(help: "A JSON Lines file of requests; - is stdin.")
  var input: String

  @Option(help: ArgumentHelp("The endpoint; by default that of the first row.", valueName: "path"))
  var endpoint: String?

  @OptionGroup(title: "Limits") var limits: LimitOptions
  @OptionGroup var messages: MessageOptions
  @OptionGroup var output: OutputOptions

  /// A problem as a line of data.
  private struct Finding: Encodable {
    let file: String
    let line: Int?
    let earlierLine: Int?
    let code: String
    let message: String

    private enum CodingKeys: String, CodingKey {
      case file, line, code, message
      case earlierLine = "earlier_line"
    }
  }

  func run() throws {
    Signals.leaveNothingBehind()
    let source = try InputFile(input)
    try output.target.check(against: [source.path])
    var list = try output.openList { (finding: Finding) in
      let place = [finding.file, finding.line.map(String.init)].compactMap(\.self).joined(separator: ":")
      return "\(place): \(finding.code): \(finding.message)"
    }
    var failure: (any Error)?
    let file = try RequestFile(
      checking: source.path, for: .oneBatch, limits: limits.limits,
      endpoint: endpoint.map { BatchEndpoint($0) },
      onProblem: { problem in
        let finding = Finding(
          file: source.name, line: problem.line, earlierLine: problem.earlierLine,
          code: problem.code.rawValue, message: problem.message)
        do { try list.write(finding) } catch { failure = failure ?? error }
      })
    if let failure { throw failure }
    try list.finish()
    let size = "\(BatchText.count(file.rows, "row")), \(BatchText.size(file.bytes))"
    guard file.problemCount > 0 else {
      let model = file.model.map { ", model \($0)" } ?? ""
      return messages.say("\(source.name): \(size), \(file.endpoint?.rawValue ?? "")\(model): no problems")
    }
    messages.say("\(source.name): \(size), \(BatchText.count(file.problemCount, "problem"))")
    if let advice = SplitAdvice.text(for: file, named: input, limits.limits) { messages.say(advice) }
    throw ExitStatus.Exit(status: .usage)
  }
}
