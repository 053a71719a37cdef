// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A text with places for columns: `Classify: {text}`. A brace is written twice.
struct RowTemplate {
  private enum Piece {
    case text(String)
    case column(String)
  }

  private var pieces: [Piece] = []

  /// Why a template cannot be read.
  struct Failure: Error, Equatable {
    let message: String
  }

  /// Reads a template.
  init(_ source: String) throws(Failure) {
    var text = ""
    var rest = Substring(source)
    while let character = rest.popFirst() {
      switch character {
      case "{" where rest.first == "{", "}" where rest.first == "}":
        text.append(rest.removeFirst())
      case "{":
        guard let end = rest.firstIndex(where: { $0 == "}" || $0 == "{" }), rest[end] == "}" else {
          throw Failure(message: "a { has no }; write {{ for a brace")
        }
        let name = String(rest[..<end])
        guard !name.isEmpty else { throw Failure(message: "{} names no column; write {{}} for braces") }
        if !text.isEmpty { pieces.append(.text(text)) }
        text = ""
        pieces.append(.column(name))
        rest = rest[rest.index(after: end)...]
      default:
        text.append(character)
      }
    }
    if !text.isEmpty { pieces.append(.text(text)) }
  }

  /// The text of a row.
  ///
  /// - Throws: ``CommandProblem`` that names the row and the columns when one is not there.
  func text(of row: SourceRow) throws(CommandProblem) -> String {
    var text = ""
    for piece in pieces {
      switch piece {
      case .text(let part): text += part
      case .column(let name): text += try row.value(of: name)
      }
    }
    return text
  }
}
