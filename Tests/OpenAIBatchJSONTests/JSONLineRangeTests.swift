// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import Testing

@Suite struct JSONLineRangeTests {
  /// The ranges of all lines of a text that arrives in pieces of a length.
  private func ranges(_ text: String, by length: Int) -> [Range<Int>] {
    var splitter = JSONLineSplitter(maximumLineLength: 16)
    var ranges: [Range<Int>] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: length) {
      splitter.append(bytes[start..<min(start + length, bytes.count)])
      while let line = splitter.next() { ranges.append(line.range) }
    }
    if let line = splitter.finish() { ranges.append(line.range) }
    return ranges
  }

  @Test(arguments: [
    ("", []), ("a", [0..<1]), ("a\n", [0..<2]), ("a\r\nb", [0..<3, 3..<4]), ("\n\n a\n", [2..<5]),
    ("\u{FEFF}a\nb\n", [3..<5, 5..<7]), ("a\n\t\n\nb", [0..<2, 5..<6]),
    ("1234567890123456789\nb\n", [0..<20, 20..<22]),
  ])
  func aLineIsWhereItsBytesAre(text: String, expected: [Range<Int>]) {
    for length in [1, 2, 3, 7, 100] { #expect(ranges(text, by: length) == expected, "pieces of \(length)") }
  }
}
