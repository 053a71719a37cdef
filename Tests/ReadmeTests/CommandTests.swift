// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// Without the trait the command lacks `demo` and `simulate`.
#if Simulator
internal import ArgumentParser
internal import Foundation
internal import Testing

@testable internal import openai_batch

/// What the README says of the command line is so.
@Suite struct CommandTests {
  /// The words of a command line in a shell block, without the command and a comment.
  struct Line: Sendable, CustomTestStringConvertible {
    var text: String
    var words: [String] {
      // What stands in single quotes is a part of a word, as in a shell.
      var words = [""]
      for (index, part) in text.components(separatedBy: "'").enumerated() {
        let pieces = index % 2 == 0 ? part.components(separatedBy: " ") : [part]
        words[words.count - 1] += pieces[0]
        words += pieces.dropFirst()
      }
      return Array(words.filter { !$0.isEmpty }.dropFirst())
    }
    var testDescription: String { text }
  }

  static let lines = Readme.lines.filter { $0.hasPrefix("openai-batch ") }
    .map { Line(text: $0.split(separator: "#").first?.trimmingCharacters(in: .whitespaces) ?? $0) }

  @Test(arguments: lines) func everyLineParses(_ line: Line) throws {
    #expect(throws: Never.self) { try OpenAIBatchCommand.parseAsRoot(line.words) }
  }

  @Test func everyCommandIsShown() {
    let shown = Set(Self.lines.compactMap(\.words.first))
    let names = OpenAIBatchCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
    #expect(shown == Set(names).subtracting(["exit-codes"]))
  }

  @Test func theExitCodesAreThoseOfTheCommand() {
    let block = Readme.section("The command line").drop { $0 != "```text" }.dropFirst().prefix { $0 != "```" }
    #expect(block.joined(separator: "\n") == ExitCodesCommand.table)
  }
}
#endif
