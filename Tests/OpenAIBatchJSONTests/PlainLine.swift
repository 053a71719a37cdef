// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON

/// A line of JSON Lines, cut from the whole text as plainly as can be: what the splitter is held against.
struct PlainLine: Equatable {
  let number: Int
  let range: Range<Int>
  let bytes: [UInt8]
  let isTooLong: Bool
  let hasLineFeed: Bool

  static func lines(of text: [UInt8], limit: Int) -> [PlainLine] {
    var lines: [PlainLine] = []
    var (start, number) = (0, 0)
    while start < text.count {
      let feed = text[start...].firstIndex(of: 0x0A)
      let end = feed.map { $0 + 1 } ?? text.count
      number += 1
      let line = PlainLine(text, start..<end, number: number, hasLineFeed: feed != nil, limit: limit)
      if line.isTooLong || !line.bytes.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { lines.append(line) }
      start = end
    }
    return lines
  }

  private init(_ text: [UInt8], _ range: Range<Int>, number: Int, hasLineFeed: Bool, limit: Int) {
    var bytes = text[range].dropLast(hasLineFeed ? 1 : 0)
    isTooLong = bytes.count > limit
    let hasMark = number == 1 && bytes.starts(with: [0xEF, 0xBB, 0xBF])
    if hasMark { bytes = bytes.dropFirst(3) }
    // Of a line that is too long the beginning is kept as it is.
    if isTooLong { bytes = bytes.prefix(1024) } else if bytes.last == 0x0D { bytes = bytes.dropLast() }
    self.range = hasMark ? range.lowerBound + 3..<range.upperBound : range
    self.bytes = Array(bytes)
    self.number = number
    self.hasLineFeed = hasLineFeed
  }

  init(_ line: JSONLine) {
    number = line.number
    range = line.range
    bytes = Array(line.bytes)
    isTooLong = line.isTooLong
    hasLineFeed = line.hasLineFeed
  }
}
