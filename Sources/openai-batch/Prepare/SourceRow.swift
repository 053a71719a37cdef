// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// One row of what requests are made of.
struct SourceRow {
  /// The file's name in messages.
  let file: String
  /// The row's number, counted from 1; a header is none.
  let number: Int
  /// The line on which it begins, counted from 1.
  let line: Int
  let columns: [String]
  let values: [String]

  /// The value of a column.
  func value(of column: String) throws(CommandProblem) -> String {
    guard let index = columns.firstIndex(of: column) else {
      let known = columns.map { "{\($0)}" }.joined(separator: ", ")
      throw problem("there is no column {\(column)}; it has \(known). For a brace write {{")
    }
    return values[index]
  }

  /// A problem of this row.
  func problem(_ message: String) -> CommandProblem {
    CommandProblem(status: .usage, message: "\(file):\(line): row \(number): \(message)")
  }
}
