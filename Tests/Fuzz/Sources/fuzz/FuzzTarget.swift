// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What is fuzzed. A target reads any bytes, and stops the process when something is wrong.
enum FuzzTarget: String, CaseIterable {
  case scanner, decoder, lines, results, batches

  func run(_ bytes: [UInt8]) {
    switch self {
    case .scanner: fuzzScanner(bytes)
    case .decoder: fuzzDecoder(bytes)
    case .lines: fuzzLines(bytes)
    case .results: fuzzResults(bytes)
    case .batches: fuzzBatches(bytes)
    }
  }
}

/// Stops the process, so that libFuzzer keeps the input.
func check(_ isRight: Bool, _ message: @autoclosure () -> String) {
  guard isRight else { fatalError(message()) }
}
