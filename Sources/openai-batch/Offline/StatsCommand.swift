// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// Counts what is in a file of requests.
struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract:
      "Counts rows, bytes, endpoints and models of a file of requests, and the batches that it takes.",
    discussion:
      "Everything is counted, nothing estimated. Exits with 2 when rows have problems: they are left out.")

  @Argument(help: "A JSON Lines file of requests; - is stdin.")
  var input: String

  @OptionGroup(title: "Limits") var limits: LimitOptions
  @OptionGroup var messages: MessageOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    Signals.leaveNothingBehind()
    let source = try InputFile(input)
    try output.target.check(against: [source.path])
    let plan = try JobPlan(input: source.path, limits: limits.limits) { _ in }
    try output.write(RequestStatistics(plan, name: source.name), text: \.text)
    guard plan.input.problemCount > 0 else { return }
    messages.say(
      "\(BatchText.count(plan.input.problemCount, "problem")); see with: openai-batch lint \(ShellWord.quoted(input))"
    )
    throw ExitStatus.Exit(status: .usage)
  }
}

/// What is in a file of requests.
struct RequestStatistics: Encodable {
  /// The rows of one endpoint and one model.
  struct Group: Encodable {
    let endpoint: String
    let model: String
    var rows = 0
    var bytes: Int64 = 0
    var embeddingInputs = 0
    var batches = 0

    private enum CodingKeys: String, CodingKey {
      case endpoint, model, rows, bytes, batches
      case embeddingInputs = "embedding_inputs"
    }
  }

  let file: String
  let rows: Int
  let bytes: Int64
  let longestRow: Int
  let batches: Int
  let problems: Int
  private(set) var groups: [Group] = []

  private enum CodingKeys: String, CodingKey {
    case file, rows, bytes, batches, problems, groups
    case longestRow = "longest_row"
  }

  init(_ plan: JobPlan, name: String) {
    file = name
    rows = plan.input.rows
    bytes = plan.input.bytes
    longestRow = plan.input.longestRow
    batches = plan.shards.count
    problems = plan.input.problemCount
    for shard in plan.shards {
      let found = groups.firstIndex { $0.endpoint == shard.endpoint.rawValue && $0.model == shard.model }
      if found == nil { groups.append(Group(endpoint: shard.endpoint.rawValue, model: shard.model)) }
      let index = found ?? groups.count - 1
      groups[index].rows += shard.rows
      groups[index].bytes += shard.bytes
      groups[index].embeddingInputs += shard.embeddingInputs
      groups[index].batches += 1
    }
  }

  var text: String {
    var lines: [(String, String)] = [
      ("file", file), ("rows", "\(rows)"), ("bytes", "\(bytes)"), ("longest row", "\(longestRow) bytes"),
      ("batches", "\(batches)"), ("problems", "\(problems)"),
    ]
    for group in groups {
      let inputs = group.embeddingInputs > 0 ? ", \(group.embeddingInputs) inputs" : ""
      lines.append(
        (
          group.endpoint,
          "\(group.model): \(BatchText.count(group.rows, "row")), \(BatchText.size(group.bytes))\(inputs), batches: \(group.batches)"
        ))
    }
    let width = (lines.map(\.0.count).max() ?? 0) + 2
    return lines.map { BatchText.pad($0, width) + $1 }.joined(separator: "\n")
  }
}
