// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs

/// Request lines that are checked as a whole before they appear, under their name or on stdout.
final class CheckedOutput: Sendable {
  private let file: OutputFile
  /// Whether the lines go to stdout; they wait in a private temporary file then.
  private let isStandardOutput: Bool
  private let overwrites: Bool

  /// Starts the output.
  init(_ target: TargetOptions) throws {
    isStandardOutput = target.output == "-"
    overwrites = target.overwrite
    file = try OutputFile(replacing: isStandardOutput ? TemporaryPath.unique("openai-batch") : target.output)
  }

  func write(_ bytes: ArraySlice<UInt8>) throws(FileFailure) {
    try file.write(bytes)
  }

  /// Checks all lines that were written.
  func plan(_ limits: RequestFile.Limits = .openAI) throws -> JobPlan {
    try JobPlan(input: try file.flush(), limits: limits) { _ in }
  }

  /// Makes the lines appear.
  func finish() throws {
    guard isStandardOutput else { return try file.commit(replacing: overwrites) }
    let lines = try FileBytes(path: try file.flush())
    while let bytes = try lines.next() { try Console.write(bytes) }
  }
}
