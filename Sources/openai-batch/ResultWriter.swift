// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJSON
internal import OpenAIBatchJobs

/// Writes results in the form that was asked for.
struct ResultWriter {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, jsonl, csv, tsv
  }

  private let output: DataOutput
  private let format: Format
  private let fields: [ResultField]?
  private let isTerminal: Bool
  private var buffer: [UInt8] = []
  private var isFirst = true

  /// Starts the output.
  ///
  /// - Parameters:
  ///   - target: Where it goes.
  ///   - format: The form; `nil` for text on a terminal, else JSON Lines.
  ///   - fields: What of each result; `nil` for all of it, which a table has no form for.
  init(_ target: TargetOptions, format: Format?, fields: [ResultField]?) throws {
    output = try DataOutput(target)
    isTerminal = target.output == "-" && Console.stdoutIsTerminal
    // Fields as text are a table.
    let chosen = format ?? (isTerminal ? .text : .jsonl)
    self.format = chosen == .text && fields != nil ? .tsv : chosen
    let isTable = self.format == .csv || self.format == .tsv
    self.fields = fields ?? (isTable ? ResultField.standard : nil)
    switch self.format {
    case .json: buffer.append(UInt8(ascii: "["))
    case .csv, .tsv: addRow((self.fields ?? []).map { Array($0.name.utf8) })
    case .text, .jsonl: break
    }
  }

  /// Writes one result.
  mutating func write(_ line: ResultLine) throws {
    switch format {
    case .text: buffer += Array((Self.text(line.result) + "\n").utf8)
    case .json:
      buffer += isFirst ? [0x0A] : [UInt8(ascii: ","), 0x0A]
      try addObject(line)
    case .jsonl:
      try addObject(line)
      buffer.append(0x0A)
    case .csv, .tsv:
      addRow(values(of: line).map(\.cell))
    }
    isFirst = false
    // People see each line when it comes.
    if isTerminal || buffer.count >= 64 << 10 { try flush() }
  }

  /// Ends the output; a file appears under its name.
  mutating func finish() throws {
    if format == .json { buffer += Array("\n]\n".utf8) }
    try flush()
    try output.finish()
  }

  private mutating func flush() throws {
    // Part of it comes from the network, and a terminal would obey it.
    try output.write(
      isTerminal ? Array(Console.printable(String(decoding: buffer, as: UTF8.self)).utf8) : buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  private func values(of line: ResultLine) -> [FieldValue] {
    let json = try? line.line.parse()
    return (fields ?? []).map { $0.value(in: line.result, json) }
  }

  /// Adds the line itself, or an object of its fields.
  private mutating func addObject(_ line: ResultLine) throws {
    guard let fields else {
      buffer += line.bytes
      return
    }
    buffer.append(UInt8(ascii: "{"))
    for (index, (field, value)) in zip(fields, values(of: line)).enumerated() {
      if index > 0 { buffer.append(UInt8(ascii: ",")) }
      buffer += try JSONText.encode(field.name)
      buffer.append(UInt8(ascii: ":"))
      buffer += try value.json()
    }
    buffer.append(UInt8(ascii: "}"))
  }

  /// Adds a row of a table: CSV by RFC 4180, or TSV with `\t`, `\n`, `\r` and `\\` for what cannot stand in a cell.
  private mutating func addRow(_ cells: [[UInt8]]) {
    let isCSV = format == .csv
    for (index, cell) in cells.enumerated() {
      if index > 0 { buffer.append(UInt8(ascii: isCSV ? "," : "\t")) }
      // Readers leave out a blank line.
      let isWholeRow = cells.count == 1
      if isCSV { addQuoted(cell, isWholeRow: isWholeRow) } else { addEscaped(cell) }
    }
    buffer += isCSV ? [0x0D, 0x0A] : [0x0A]
  }

  private mutating func addQuoted(_ cell: [UInt8], isWholeRow: Bool) {
    let quote = UInt8(ascii: "\"")
    let needsQuotes = isWholeRow && cell.isEmpty
    guard
      needsQuotes
        || cell.contains(where: { $0 == quote || $0 == UInt8(ascii: ",") || $0 == 0x0A || $0 == 0x0D })
    else {
      buffer += cell
      return
    }
    buffer.append(quote)
    for byte in cell {
      if byte == quote { buffer.append(quote) }
      buffer.append(byte)
    }
    buffer.append(quote)
  }

  private mutating func addEscaped(_ cell: [UInt8]) {
    for byte in cell {
      switch byte {
      case 0x09: buffer += Array(#"\t"#.utf8)
      case 0x0A: buffer += Array(#"\n"#.utf8)
      case 0x0D: buffer += Array(#"\r"#.utf8)
      case UInt8(ascii: "\\"): buffer += Array(#"\\"#.utf8)
      default: buffer.append(byte)
      }
    }
  }

  private static func text(_ result: BatchResult<BatchResponse>) -> String {
    switch result.outcome {
    case .success(let response):
      "\(result.customID): \(response.outputText ?? String(decoding: response.body, as: UTF8.self))"
    case .failure(let failure): "\(result.customID): \(failure)"
    }
  }
}
