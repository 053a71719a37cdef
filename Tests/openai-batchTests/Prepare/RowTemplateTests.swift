// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Testing

@testable import openai_batch

@Suite struct RowTemplateTests {
  private let row = SourceRow(
    file: "in.csv", number: 3, line: 7, columns: ["text", "a b", "{", ""], values: ["T", "AB", "?", "E"])

  @Test(arguments: [
    ("", ""), ("plain", "plain"), ("{text}", "T"), ("Classify: {text}.", "Classify: T."),
    ("{text}{a b}", "TAB"),
    ("{{text}}", "{text}"), ("{{{text}}}", "{T}"), ("{{", "{"), ("}}", "}"), ("}", "}"), ("a } b", "a } b"),
    (#"{{"k": "{text}"}}"#, #"{"k": "T"}"#), ("{{}}", "{}"), ("é{text}灯", "éT灯"),
  ])
  func putsValuesInTheirPlaces(template: String, expected: String) throws {
    #expect(try RowTemplate(template).text(of: row) == expected)
  }

  @Test(arguments: [
    ("{text", "has no }"), ("a {", "has no }"), ("{te{xt}", "has no }"), ("{}", "names no column"),
  ])
  func refusesOpenBraces(template: String, words: String) {
    let failure = #expect(throws: RowTemplate.Failure.self) { try RowTemplate(template) }
    #expect(failure?.message.contains(words) == true)
  }

  @Test func namesTheRowAndTheColumns() throws {
    let problem = try #require(throws: CommandProblem.self) { try RowTemplate("x {Text}").text(of: row) }
    #expect(problem.status == .usage)
    for part in ["in.csv:7", "row 3", "{Text}", "{text}, {a b}", "{{"] {
      #expect(problem.message.contains(part))
    }
  }

  @Test func repeatedContentNamesAreNumbered() {
    var names = RowNames()
    let name = String(repeating: "0f", count: 16)
    #expect((0..<3).map { _ in names.unique(name) } == [name, "\(name)-2", "\(name)-3"])
    #expect(names.unique("1" + name.dropFirst()) == "1" + name.dropFirst())
  }
}
