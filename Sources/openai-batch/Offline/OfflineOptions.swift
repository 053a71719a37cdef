// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// What a batch takes: OpenAI's limits, unless another service has others.
struct LimitOptions: ParsableArguments {
  @Option(help: "The most rows in a batch.")
  var rows = RequestFile.Limits.openAI.rows

  @Option(help: "The most bytes in a batch, such as 100MB or 200MiB.")
  var bytes = ByteCount(count: RequestFile.Limits.openAI.bytes)

  @Option(help: "The most embedding inputs in a batch.")
  var inputs = RequestFile.Limits.openAI.embeddingInputs

  var limits: RequestFile.Limits {
    RequestFile.Limits(rows: rows, bytes: bytes.count, embeddingInputs: inputs)
  }

  func validate() throws {
    guard rows > 0 else { throw ValidationError("--rows is \(rows); it must be 1 or more.") }
    guard inputs > 0 else { throw ValidationError("--inputs is \(inputs); it must be 1 or more.") }
  }
}

/// A number of bytes as people write it: `100MB`, `1.5GB`, `200MiB`, or plain.
struct ByteCount: ExpressibleByArgument, CustomStringConvertible {
  let count: Int64

  init(count: Int64) { self.count = count }

  init?(argument: String) {
    let digits = argument.prefix { $0.isNumber || $0 == "." }
    let factors: [String: Double] = [
      "": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 1024, "mib": 1_048_576, "gib": 1_073_741_824,
    ]
    guard let number = Double(digits), let factor = factors[argument.dropFirst(digits.count).lowercased()],
      1..<1e15 ~= number * factor
    else { return nil }
    count = Int64(number * factor)
  }

  var description: String { String(count) }
  var defaultValueDescription: String { description }
}

/// What a command says besides its data.
struct MessageOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  func say(_ text: String) {
    if !quiet { Console.message(text) }
  }
}
