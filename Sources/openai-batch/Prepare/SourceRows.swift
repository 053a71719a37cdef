// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJSON
internal import OpenAIBatchJobs

/// Rows that requests are made of, one at a time.
protocol SourceRows: AnyObject {
  /// The next row; `nil` at the end.
  ///
  /// - Throws: ``CommandProblem`` with file and line for what is not a row, `FileFailure` for a failed read.
  func next() throws -> SourceRow?
}

/// How rows are written.
enum SourceFormat: String, ExpressibleByArgument, CaseIterable {
  case csv, tsv, txt, jsonl

  /// The format that a file's name tells.
  init?(path: String) {
    self.init(rawValue: path.split(separator: ".").last.map { $0.lowercased() } ?? "")
  }

  func open(_ input: InputFile) throws -> any SourceRows {
    switch self {
    case .csv: try TableRows(input, CSVReader())
    case .tsv: try TableRows(input, TSVReader())
    case .txt: try TextRows(input)
    case .jsonl: try ObjectRows(input)
    }
  }
}

/// Records of a table, below a header that names the columns.
final class TableRows: SourceRows {
  private let name: String
  private let file: FileBytes
  private var reader: any TableReader
  private var header: [String] = []
  private var number = 0
  private var isAtStart = true
  private var isAtEnd = false

  init(_ input: InputFile, _ reader: any TableReader) throws {
    name = input.name
    file = try FileBytes(path: input.path)
    self.reader = reader
    guard let record = try nextRecord() else {
      throw CommandProblem(status: .usage, message: "\(name): there is no header.")
    }
    for column in record.fields.map(Self.trimmed) {
      guard !header.contains(column) else {
        throw problem(record.line, "the header has the column \"\(column)\" twice")
      }
      header.append(column)
    }
  }

  func next() throws -> SourceRow? {
    guard let record = try nextRecord() else { return nil }
    number += 1
    let row = SourceRow(file: name, number: number, line: record.line, columns: header, values: record.fields)
    guard record.fields.count == header.count else {
      throw row.problem("it has \(record.fields.count) fields, and the header has \(header.count)")
    }
    return row
  }

  private func nextRecord() throws -> TableRecord? {
    while true {
      if let record = reader.next() { return record }
      if isAtEnd { return nil }
      let chunk = try file.next()
      do throws(TableFailure) {
        if let chunk {
          let hasMark = isAtStart && chunk.starts(with: [0xEF, 0xBB, 0xBF])
          isAtStart = false
          try reader.append(hasMark ? chunk.dropFirst(3) : chunk)
        } else {
          isAtEnd = true
          try reader.finish()
        }
      } catch {
        throw problem(error.line, error.message)
      }
    }
  }

  private func problem(_ line: Int, _ message: String) -> CommandProblem {
    CommandProblem(status: .usage, message: "\(name):\(line): \(message)")
  }

  private static func trimmed(_ text: String) -> String {
    let text = text.drop { $0 == " " || $0 == "\t" }
    return String(text.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}

/// The lines of a file that are not blank, counted from 1.
private struct NumberedLines: ~Copyable {
  private var lines: RequestLineReader
  private var number = 0

  init(path: String) throws(FileFailure) {
    lines = try RequestLineReader(path: path)
  }

  mutating func next() throws(FileFailure) -> (number: Int, line: JSONLine)? {
    guard let line = try lines.nextLine() else { return nil }
    number += 1
    return (number, line)
  }
}

/// Lines of text, each the column `text`. Blank lines are left out.
final class TextRows: SourceRows {
  private let name: String
  private var lines: NumberedLines

  init(_ input: InputFile) throws {
    name = input.name
    lines = try NumberedLines(path: input.path)
  }

  func next() throws -> SourceRow? {
    guard let (number, line) = try lines.next() else { return nil }
    let text = line.isTooLong ? nil : String(validating: line.bytes, as: UTF8.self)
    let row = SourceRow(
      file: name, number: number, line: line.number, columns: ["text"], values: [text ?? ""])
    guard !line.isTooLong else { throw row.problem("the line is too long") }
    guard text != nil else { throw row.problem("not UTF-8; save the file as UTF-8") }
    return row
  }
}

/// JSON objects, one on each line, each with columns of its own: texts as they are, null as an empty text, other
/// values as JSON.
final class ObjectRows: SourceRows {
  private let name: String
  private var lines: NumberedLines

  init(_ input: InputFile) throws {
    name = input.name
    lines = try NumberedLines(path: input.path)
  }

  func next() throws -> SourceRow? {
    guard let (number, line) = try lines.next() else { return nil }
    do throws(JSONFailure) {
      let object = try line.parse()
      guard object.kind == .object else { throw JSONFailure("not a JSON object") }
      let members = object.members
      return SourceRow(
        file: name, number: number, line: line.number, columns: members.map(\.key),
        values: members.map { Self.text($0.value) })
    } catch {
      let row = SourceRow(file: name, number: number, line: line.number, columns: [], values: [])
      throw row.problem("\(error.message)\(error.offset.map { " at byte \($0)" } ?? "")")
    }
  }

  private static func text(_ value: JSONValue) -> String {
    value.isNull ? "" : value.string ?? String(decoding: value.bytes, as: UTF8.self)
  }
}
