// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

extension FuzzTarget {
  /// Inputs to begin with, beside the golden files that `Scripts/fuzz` adds.
  var seeds: [[UInt8]] {
    switch self {
    case .scanner, .decoder:
      Self.corpus + Self.generated { $0.document() } + Self.generated { Array($0.record().utf8) }
    case .lines:
      (0..<20).map { [$0] + Array(ResultLineSamples.lines.joined(separator: "\n").utf8) }
        + ["\u{FEFF}{}\r\n\n[1]\n", "a\n\u{2028}\u{85}b\0\n \t\r\n", String(repeating: "x", count: 1100)]
        .map { [0] + Array($0.utf8) }
    case .results: ResultLineSamples.lines.map { Array($0.utf8) }
    case .batches: []
    }
  }

  private static var corpus: [[UInt8]] {
    // The longest ones, of nothing but brackets, are longer than most inputs may be.
    (JSONCorpus.valid + JSONCorpus.invalid + JSONCorpus.implementationDefined.map(\.text))
      .map { Array($0.utf8) }.filter { $0.count < 5000 } + JSONCorpus.notUTF8.map { [0x22] + $0 + [0x22] }
  }

  private static func generated(_ make: (inout JSONFuzz) -> [UInt8]) -> [[UInt8]] {
    var fuzz = JSONFuzz(seed: 1)
    return (0..<200).map { _ in make(&fuzz) }
  }
}
