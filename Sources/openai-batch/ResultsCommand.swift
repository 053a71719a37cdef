// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// The results of a batch.
struct ResultsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "results",
    abstract: "Writes the results of a batch that has ended: both files, in the order of the files.")

  @Argument(help: "The batch's id.")
  var id: String

  @Flag(help: "Replace an existing output.")
  var overwrite = false

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let client = try connection.makeClient()
    if output.output != "-", !overwrite, OutputFile.exists(output.output) {
      throw CommandProblem(
        status: .local,
        message: "\(output.output) exists. Remove it, choose another name, or say --overwrite.")
    }
    let sink = try output.open()
    var (answered, failed) = (0, 0)
    var isFirst = true
    if output.effectiveFormat == .json { try sink.write(Array("[".utf8)) }
    for try await line in client.resultLines(of: BatchID(id)) {
      let result = line.result
      if case .success = result.outcome { answered += 1 } else { failed += 1 }
      switch output.effectiveFormat {
      case .text: try sink.write(Array((Self.text(result) + "\n").utf8))
      case .json: try sink.write((isFirst ? [] : [0x2C]) + [0x0A] + Array(line.bytes))
      case .jsonl: try sink.write(Array(line.bytes) + [0x0A])
      }
      isFirst = false
    }
    if output.effectiveFormat == .json { try sink.write(Array("\n]\n".utf8)) }
    try sink.finish()
    connection.say("\(answered) answered, \(failed) failed.")
    if failed > 0 { throw ExitStatus.Exit(status: .incomplete) }
  }

  private static func text(_ result: BatchResult<BatchResponse>) -> String {
    switch result.outcome {
    case .success(let response):
      "\(result.customID): \(response.outputText ?? String(decoding: response.body, as: UTF8.self))"
    case .failure(let failure): "\(result.customID): \(failure)"
    }
  }
}
