// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation
internal import Testing

/// What the README says is in the code.
@Suite struct ReadmeTests {
  /// A paragraph of a Swift block, and where it is.
  struct Piece: Sendable, CustomTestStringConvertible {
    var text: String
    var testDescription: String { text }
  }

  @Test(arguments: Readme.swiftParagraphs) func everySwiftBlockIsCompiled(_ piece: Piece) throws {
    let compiled = try ["Tests/ReadmeTests/Snippets.swift", "Examples/Contract/Package.swift"].map(
      Readme.code)
    #expect(compiled.contains { $0.contains(Readme.squeezed(piece.text)) })
  }

  @Test(arguments: Readme.comingFromRows) func everySwiftCellIsCompiled(_ row: Piece) throws {
    let compiled = try Readme.code("Tests/ReadmeTests/ComingFrom.swift")
    let cells = row.text.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(cells.count == 4)
    let spans = Readme.codeSpans(in: cells.last ?? "")
    #expect(!spans.isEmpty)
    for span in spans {
      #expect(compiled.contains(Readme.squeezed(span)), "not in ComingFrom.swift: \(span)")
    }
  }

  @Test func theTablesAreThere() {
    #expect(Readme.swiftParagraphs.count >= 8)
    #expect(Readme.comingFromRows.count >= 10)
  }

  @Test func everyModuleIsNamed() throws {
    let sources = Readme.root.appendingPathComponent("Sources")
    let modules = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    let named = Set(
      Readme.section("Modules").filter { $0.hasPrefix("|") }.flatMap {
        Readme.codeSpans(in: $0.split(separator: "|").first ?? "")
      })
    #expect(named == Set(modules.filter { !$0.hasPrefix(".") }))
  }

  @Test func everyNamedScriptIsThere() throws {
    let words = Readme.lines.joined(separator: "\n").matches(of: /Scripts\/([a-z-]+)/)
    #expect(words.count > 3)
    for word in words {
      let path = Readme.root.appendingPathComponent(String(word.output.0)).path
      #expect(FileManager.default.isExecutableFile(atPath: path), "\(word.output.0)")
    }
  }
}
