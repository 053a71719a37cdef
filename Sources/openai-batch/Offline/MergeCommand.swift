// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJSON
internal import OpenAIBatchJobs

/// Makes one file of requests of several.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Merges files of requests into one, in their order.",
    discussion: """
      Rows are not changed; blank lines and byte order marks are left out. A custom_id that two files have is refused, \
      and so is all that lint would refuse but the limits of a batch. Nothing appears before all is checked.
      """)

  @Argument(help: "JSON Lines files of requests; - is stdin.")
  var inputs: [String]

  @OptionGroup var target: TargetOptions
  @OptionGroup var messages: MessageOptions

  func validate() throws {
    guard inputs.count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("stdin can be read only once.")
    }
  }

  func run() throws {
    Signals.leaveNothingBehind()
    let sources = try inputs.map(InputFile.init)
    try target.check(against: sources.map(\.path))
    let output = try CheckedOutput(target)
    /// How many rows the files before each one have.
    var rowsBefore: [Int] = []
    var rows = 0
    for source in sources {
      rowsBefore.append(rows)
      var lines = try RequestLineReader(path: source.path)
      while let line = try lines.nextLine() {
        guard !line.isTooLong else {
          throw CommandProblem(
            status: .usage,
            message: "\(source.name):\(line.number): the line is too long. Nothing was written.")
        }
        try output.write(line.bytes)
        try output.write([0x0A])
        rows += 1
      }
    }
    let file = try output.plan().input
    guard file.problemCount == 0 else {
      let places = MergedPlaces(sources: sources, rowsBefore: rowsBefore)
      throw CommandProblem(status: .usage, message: try places.message(for: file))
    }
    try output.finish()
    messages.say(
      "\(BatchText.count(file.rows, "row")), \(BatchText.size(file.bytes)), of \(BatchText.count(sources.count, "file"))"
    )
  }
}

/// Where the rows of a merged file come from.
private struct MergedPlaces {
  let sources: [InputFile]
  let rowsBefore: [Int]

  func message(for file: RequestFile) throws -> String {
    let shown = try file.problems.prefix(20).map { problem in
      guard let row = problem.line else { return problem.message }
      let text = try problem.earlierLine.map { "the custom_id is used already in \(try place(ofRow: $0))" }
      return "\(try place(ofRow: row)): \(problem.code): \(text ?? problem.message)"
    }
    let rest = file.problemCount > shown.count ? "\nand \(file.problemCount - shown.count) more" : ""
    return "The files have problems; nothing was written.\n\(shown.joined(separator: "\n"))\(rest)"
  }

  /// The file and the line of a row. Blank lines count there, and not here.
  private func place(ofRow row: Int) throws -> String {
    let index = max(0, (rowsBefore.firstIndex { $0 >= row } ?? rowsBefore.count) - 1)
    var lines = try RequestLineReader(path: sources[index].path)
    var left = row - rowsBefore[index]
    while let line = try lines.nextLine() {
      left -= 1
      if left == 0 { return "\(sources[index].name):\(line.number)" }
    }
    return sources[index].name
  }
}
