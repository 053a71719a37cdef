// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs

/// Says how a file that is too much for one batch is made into several.
enum SplitAdvice {
  private static let codes: Set<ErrorCode> = [
    "too_many_tasks", "file_too_large", "too_many_inputs", "mismatched_model",
  ]

  /// The advice, when splitting mends some of the file's problems.
  static func text(for file: RequestFile, named input: String) -> String? {
    guard file.problems.contains(where: { codes.contains($0.code) }) else { return nil }
    return "Make several batches of it: \(command(input))"
  }

  /// The command that splits a file.
  static func command(_ input: String) -> String {
    let prefix = input == "-" ? "requests" : ShardNames.withoutExtension(input)
    return "openai-batch split \(ShellWord.quoted(input)) -o \(ShellWord.quoted(prefix))"
  }
}
