// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON

/// The splitter in pieces of any size, against a plain reading of the whole. The first byte seeds limit and pieces.
func fuzzLines(_ bytes: [UInt8]) {
  guard let seed = bytes.first else { return }
  var fuzz = JSONFuzz(seed: Int(seed))
  let limit = fuzz.pick([0, 1, 16, 100, 1023, 1024, 1025, 100_000])
  let longest = fuzz.pick([1, 5, 100, 10_000])
  let isRead = Bool.random(using: &fuzz.random)
  var splitter = JSONLineSplitter(maximumLineLength: limit)
  var lines: [JSONLine] = []
  var rest = bytes.dropFirst()
  while !rest.isEmpty {
    let piece = rest.prefix(Int.random(in: 1...longest, using: &fuzz.random))
    // In storage of its own, so that the address sanitizer sees its end.
    splitter.append(Array(piece)[...])
    while let line = isRead ? splitter.nextRead() : splitter.next() { lines.append(line) }
    rest = rest[piece.endIndex...]
  }
  if let line = splitter.finish() { lines.append(line) }
  let expected = PlainLine.lines(of: Array(bytes.dropFirst()), limit: limit)
  check(lines.map(PlainLine.init) == expected, "\(lines.map(PlainLine.init)) in place of \(expected)")
  check(
    splitter.hadByteOrderMark == (bytes.dropFirst().starts(with: [0xEF, 0xBB, 0xBF])),
    "the byte order mark is not told")
  for line in lines {
    let isJSON = !line.isTooLong && PlainJSON(Array(line.bytes)) != nil
    check(((try? line.parse()) != nil) == isJSON, "a line is taken that is not JSON, or refused that is")
  }
}
