// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A span of time as people write it: `30s`, `90m`, `6h`, `7d`, `500ms`, or a plain number of seconds.
struct TimeSpan: ExpressibleByArgument {
  /// What help and errors call it.
  static let form = "30s|10m|6h|7d"

  let duration: Duration

  /// How help shows a default.
  var defaultValueDescription: String { "\(seconds / 3600)h" }

  init(hours: Int) { duration = .seconds(hours * 3600) }

  init?(argument: String) {
    let digits = argument.prefix { $0.isNumber || $0 == "." }
    let factors: [Substring: Double] = ["ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let number = Double(digits), let factor = factors[argument.dropFirst(digits.count)],
      number * factor < 1e9
    else { return nil }
    duration = .milliseconds(Int64(number * factor * 1000))
  }

  var seconds: Int { Int(duration.components.seconds) }
}

/// A pair as people write it: `team=search`.
struct Pair: ExpressibleByArgument {
  let key: String
  let value: String

  init?(argument: String) {
    guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else { return nil }
    key = String(argument[..<sign])
    value = String(argument[argument.index(after: sign)...])
  }

  /// Arguments in which each pair of a list after `--metadata` has the option's name before it: a list that took
  /// whatever follows would swallow the input's name. What names a file is no pair.
  static func spreading(_ arguments: [String]) -> [String] {
    var isAfterOption = false
    var isAfterPair = false
    return arguments.flatMap { argument in
      let isPair = !argument.hasPrefix("-") && Pair(argument: argument) != nil
      let isFurther = isPair && isAfterPair && access(argument, F_OK) != 0
      isAfterPair = isFurther || isPair && isAfterOption
      isAfterOption = argument == "--metadata"
      return isFurther ? ["--metadata", argument] : [argument]
    }
  }
}

/// What a new batch is given; the same for `run` and `batches create`.
struct CreationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How long the service may take.", valueName: "window"))
  var window = "24h"

  @Option(help: ArgumentHelp("Pairs for the batch; may be repeated.", valueName: "k=v"))
  var metadata: [Pair] = []

  @Option(help: ArgumentHelp("When the result files are deleted: 1h to 30d.", valueName: TimeSpan.form))
  var outputExpiresAfter: TimeSpan?

  @Option(
    help: ArgumentHelp(
      "A key of your own, one for each input: it finds the same batch again.", valueName: "key"))
  var key: String?

  @Option(
    help: ArgumentHelp(
      "How far back a job's batch, or one under --key, is looked for.", valueName: TimeSpan.form))
  var lookBack = TimeSpan(hours: 48)

  var pairs: [String: String]? {
    metadata.isEmpty ? nil : Dictionary(uniqueKeysWithValues: metadata.map { ($0.key, $0.value) })
  }

  func validate() throws {
    let repeated = Dictionary(grouping: metadata, by: \.key).first { $0.value.count > 1 }
    if let repeated { throw ValidationError("--metadata has \(repeated.key) twice.") }
  }

  var expiration: FileExpiration? {
    outputExpiresAfter.map { FileExpiration(seconds: $0.seconds) }
  }
}
