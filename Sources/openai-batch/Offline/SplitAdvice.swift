// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs

/// Says how a file that is too much for one batch is made into several.
enum SplitAdvice {
  private static let codes: Set<ErrorCode> = [
    "too_many_tasks", "file_too_large", "too_many_inputs", "mismatched_model",
  ]

  /// The advice, when splitting mends the file's problems: no others were found.
  static func text(
    for file: RequestFile, named input: String, _ limits: RequestFile.Limits = .openAI
  ) -> String? {
    guard file.problemCount > 0, file.problems.allSatisfy({ codes.contains($0.code) }) else { return nil }
    return "Make several batches of it: \(command(input, limits))"
  }

  /// The command that splits a file.
  static func command(_ input: String, _ limits: RequestFile.Limits = .openAI) -> String {
    let prefix = input == "-" ? "requests" : ShardNames.withoutExtension(input)
    let usual = RequestFile.Limits.openAI
    let others = [
      limits.rows == usual.rows ? nil : "--rows \(limits.rows)",
      limits.bytes == usual.bytes ? nil : "--bytes \(limits.bytes)",
      limits.embeddingInputs == usual.embeddingInputs ? nil : "--inputs \(limits.embeddingInputs)",
    ]
    let words = ["openai-batch split \(ShellWord.quoted(input))"] + others.compactMap(\.self)
    return (words + ["-o \(ShellWord.quoted(prefix))"]).joined(separator: " ")
  }
}
