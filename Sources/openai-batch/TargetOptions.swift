// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// Where data goes that must not take the place of other data.
struct TargetOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: ArgumentHelp("A file for the data; - is stdout.", valueName: "file"))
  var output = "-"

  @Flag(help: "Replace an existing output (of a link, the link itself), though never an input.")
  var overwrite = false

  /// Makes sure that nothing is lost; before anything is done, so that what is done has its place.
  ///
  /// - Parameter inputs: The paths of what is read meanwhile.
  func check(against inputs: [String] = []) throws {
    guard output != "-" else { return }
    guard !output.isEmpty else { throw CommandProblem(status: .usage, message: "--output is empty.") }
    if inputs.contains(where: { OutputFile.replaces($0, at: output) }) {
      throw CommandProblem(
        status: .local, message: "\(output) is an input itself; choose another name. Nothing was written.")
    }
    guard !OutputFile.exists("\(output)/") else {
      throw CommandProblem(status: .local, message: "\(output) is a folder; name a file.")
    }
    guard overwrite || !OutputFile.exists(output) else {
      throw CommandProblem(
        status: .local, message: "\(output) exists. Remove it, choose another name, or say --overwrite.")
    }
  }
}
