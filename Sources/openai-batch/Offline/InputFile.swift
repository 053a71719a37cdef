// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs

/// A local file that a command reads, or stdin, kept in a private temporary file.
final class InputFile: Sendable {
  /// Where to read it.
  let path: String
  /// What to call it in messages.
  let name: String
  private let source: StandardInput?

  /// Opens what an argument names.
  ///
  /// - Throws: ``CommandProblem`` when it cannot be read.
  init(_ argument: String) throws {
    source = try StandardInput(argument)
    path = source?.path ?? argument
    name = argument == "-" ? "stdin" : argument
    try Self.requireReadable(path)
  }

  /// Makes sure that there is such a file, before anything else is done.
  ///
  /// - Throws: ``CommandProblem`` when it cannot be read.
  static func requireReadable(_ path: String) throws {
    do throws(FileFailure) {
      _ = try RandomAccessFile(path: path)
    } catch {
      throw CommandProblem(status: .usage, message: error.description)
    }
  }
}
