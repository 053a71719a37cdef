// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Where data goes, and in which form.
struct OutputOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, jsonl

    /// What stdout gets when nothing was asked for.
    static var forStandardOutput: Format { Console.stdoutIsTerminal ? .text : .jsonl }
  }

  @OptionGroup var target: TargetOptions

  @Option(help: "text, json or jsonl; by default text on a terminal, jsonl in a pipe or a file.")
  var format: Format?

  var effectiveFormat: Format {
    format ?? (target.output == "-" ? .forStandardOutput : .jsonl)
  }

  /// Writes one value.
  func write<Value: Encodable>(_ value: Value, text: (Value) -> String) throws {
    let output = try DataOutput(target)
    switch effectiveFormat {
    case .text: try output.write(Array((Console.printable(text(value)) + "\n").utf8))
    case .json: try output.write(try Self.encode(value, [.prettyPrinted]) + [0x0A])
    case .jsonl: try output.write(try Self.encode(value, []) + [0x0A])
    }
    try output.finish()
  }

  /// Opens the output for values that come one by one.
  func openList<Value: Encodable>(text: @escaping (Value) -> String) throws -> ListOutput<Value> {
    ListOutput(try DataOutput(target), effectiveFormat, text: text)
  }

  fileprivate static func encode(_ value: some Encodable, _ form: JSONEncoder.OutputFormatting) throws
    -> [UInt8]
  {
    let encoder = JSONEncoder()
    encoder.outputFormatting = form.union([.sortedKeys, .withoutEscapingSlashes])
    return [UInt8](try encoder.encode(value))
  }
}

/// Values written as they come, so that a long list is never held: lines, or one JSON text for all of them.
struct ListOutput<Value: Encodable> {
  private let output: DataOutput
  private let format: OutputOptions.Format
  private let text: (Value) -> String
  private var isFirst = true

  init(_ output: DataOutput, _ format: OutputOptions.Format, text: @escaping (Value) -> String) {
    self.output = output
    self.format = format
    self.text = text
  }

  mutating func write(_ value: Value) throws {
    switch format {
    case .text: try output.write(Array((Console.printable(text(value)) + "\n").utf8))
    case .json:
      try output.write(Array((isFirst ? "[" : ",").utf8) + OutputOptions.encode(value, [.prettyPrinted]))
    case .jsonl: try output.write(try OutputOptions.encode(value, []) + [0x0A])
    }
    isFirst = false
  }

  func finish() throws {
    if format == .json { try output.write(Array((isFirst ? "[]\n" : "]\n").utf8)) }
    try output.finish()
  }
}

/// stdout, or a file that appears when it is whole.
final class DataOutput: Sendable {
  static let standard = DataOutput()

  private let file: OutputFile?
  private let overwrites: Bool

  private init() {
    file = nil
    overwrites = false
  }

  init(_ target: TargetOptions) throws {
    file = target.output == "-" ? nil : try OutputFile(replacing: target.output)
    overwrites = target.overwrite
  }

  func write(_ bytes: [UInt8]) throws {
    if let file { try file.write(bytes[...]) } else { try Console.write(bytes[...]) }
  }

  func finish() throws {
    try file?.commit(replacing: overwrites)
  }
}
