// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation

/// The README as it is in the checkout.
enum Readme {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static let lines: [String] =
    ((try? String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)) ?? "")
    .components(separatedBy: "\n")

  /// The paragraphs of all Swift blocks.
  static var swiftParagraphs: [ReadmeTests.Piece] {
    var pieces: [ReadmeTests.Piece] = []
    var open: [String]?
    for line in lines {
      switch (line.trimmingCharacters(in: .whitespaces), open) {
      case ("```swift", nil): open = []
      case ("```", let paragraph?), ("", let paragraph?):
        if !paragraph.isEmpty { pieces.append(.init(text: paragraph.joined(separator: "\n"))) }
        open = line.contains("```") ? nil : []
      case (_, nil): break
      case (_, let paragraph?): open = paragraph + [line]
      }
    }
    return pieces
  }

  /// The rows of the table for those who come from C or Objective-C.
  static var comingFromRows: [ReadmeTests.Piece] {
    section("Coming from BatchAPI (C) or OAIBatchApi (Objective-C)")
      .filter { $0.hasPrefix("|") }.dropFirst(2).map { ReadmeTests.Piece(text: $0) }
  }

  /// The lines under a heading, up to the next.
  static func section(_ heading: String) -> [String] {
    Array(lines.drop { $0 != "## \(heading)" }.dropFirst().prefix { !$0.hasPrefix("## ") })
  }

  /// A source file of the checkout, squeezed.
  static func code(_ path: String) throws -> String {
    squeezed(try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8))
  }

  /// The text with one space wherever there is white space: line breaks and indentation do not count.
  static func squeezed(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// What stands between backticks.
  static func codeSpans(in text: some StringProtocol) -> [String] {
    text.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
  }
}
