// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import Testing

struct JSONLineSplitterTests {
  static let texts: [(text: String, lines: [(Int, String)])] = [
    ("", []), ("\n\n", []), ("a", [(1, "a")]), ("a\n", [(1, "a")]), ("a\nb", [(1, "a"), (2, "b")]),
    ("a\r\nb\r\n", [(1, "a"), (2, "b")]), ("\n \t\n a \n", [(3, " a ")]),
    ("\u{FEFF}a\nb", [(1, "a"), (2, "b")]),
    ("a\u{2028}b\u{85}c\u{2029}\nd", [(1, "a\u{2028}b\u{85}c\u{2029}"), (2, "d")]),
    ("a\0b\nc", [(1, "a\0b"), (2, "c")]),
    ("a\rb\n", [(1, "a\rb")]), ("\u{FEFF}", []),
  ]

  @Test(arguments: texts.indices, [1, 2, 3, 7, 1000])
  func splitsOnLineFeedsOnly(index: Int, chunkLength: Int) {
    let (text, expected) = Self.texts[index]
    let lines = split(Array(text.utf8), chunkLength: chunkLength)
    #expect(lines.map(\.number) == expected.map(\.0))
    #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == expected.map(\.1))
  }

  /// A line that is read while it is cut is the same line, and says the same.
  @Test(arguments: [
    #"{"a":1}"#, "{\"a\":1}\r", "\t[1, 2]  ", "7", "-0.5e3\r", "true", #""x\u00e9\n""#,
    #"{"a" : "\#(text(40))"}"#, "[]\r\r",
    "", " \t\r", #"{"a""#, #"{"a":1} x"#, #"{"a":1}{}"#, "\"\u{1}\"", "nul", "01", "[1,]", "\"open", "\u{0}",
    "\u{FEFF}{}",
    String(repeating: "[", count: 600), #"{"a":"\#(text(400))"}"#,
  ])
  func aLineIsReadAsItIsCut(line: String) throws {
    let bytes = Array("{}\n\(line)\n[\(line),\n\(Self.text(40))".utf8)
    let (cut, read) = (
      split(bytes, chunkLength: bytes.count, limit: 300),
      split(bytes, chunkLength: bytes.count, limit: 300, isRead: true)
    )
    #expect(read.map(PlainLine.init) == cut.map(PlainLine.init))
    #expect(
      read.dropFirst().first { $0.number == 2 }?.value != nil
        || (try? cut.first { $0.number == 2 }?.parse()) == nil)
    for (read, cut) in zip(read, cut) {
      let (one, other) = (Result { try read.parse().bytes }, Result { try cut.parse().bytes })
      #expect("\(one)" == "\(other)")
    }
  }

  /// Behind the last line there is nothing to read, however often one asks.
  @Test(arguments: ["", "\n"]) func nothingIsReadBehindTheEnd(end: String) {
    let line = #"{"a":"\#(Self.text(50))"}"#
    var splitter = JSONLineSplitter()
    splitter.append(Array("\(line)\n\(line)\n\(line)\(end)".utf8)[...])
    var count = 0
    while splitter.nextRead() != nil { count += 1 }
    #expect(splitter.nextRead() == nil)
    if splitter.finish() != nil { count += 1 }
    #expect(splitter.nextRead() == nil && splitter.nextRead() == nil)
    #expect(count == 3)
  }

  private static func text(_ length: Int) -> String { String(repeating: "x", count: length) }

  @Test(arguments: [1, 5, 100])
  func aLineThatIsTooLongLosesNoNeighbour(chunkLength: Int) {
    let text = "first\n" + String(repeating: "x", count: 3000) + "\nlast\n"
    let lines = split(Array(text.utf8), chunkLength: chunkLength, limit: 2000)
    #expect(lines.map(\.isTooLong) == [false, true, false])
    #expect(lines.map(\.number) == [1, 2, 3])
    #expect(lines[1].bytes.count == 1024)
    #expect(throws: JSONFailure.self) { try lines[1].parse() }
  }

  @Test(arguments: [1, 5, 100, 5000])
  func aByteOrderMarkIsNoPartOfALineThatIsTooLong(chunkLength: Int) {
    let text = "\u{FEFF}" + String(repeating: "x", count: 3000) + "\n"
    let lines = split(Array(text.utf8), chunkLength: chunkLength, limit: 2000)
    #expect(lines.map { Array($0.bytes) } == [[UInt8](repeating: 0x78, count: 1024)])
    #expect(lines.map(\.range) == [3..<3004])
  }

  @Test(arguments: [1, 5, 100])
  func onlyTheLastLineCanLackItsLineFeed(chunkLength: Int) {
    let long = String(repeating: "x", count: 3000)
    func split(_ text: String) -> [Bool] {
      self.split(Array(text.utf8), chunkLength: chunkLength, limit: 2000).map(\.hasLineFeed)
    }
    #expect(split("a\n\(long)\nb\r\n") == [true, true, true])
    #expect(split("a\nb") == [true, false])
    #expect(split("a\n\(long)") == [true, false])
  }

  @Test func badLinesCarryTheirNumber() {
    let lines = split(Array("{}\n{]\n".utf8), chunkLength: 4)
    let failure = #expect(throws: JSONFailure.self) { try lines[1].parse() }
    #expect(failure?.line == 2)
    #expect(failure?.offset == 1)
  }

  @Test func seesTheByteOrderMark() {
    var splitter = JSONLineSplitter()
    splitter.append(Array("\u{FEFF}{}\n".utf8)[...])
    #expect(splitter.next() != nil)
    #expect(splitter.hadByteOrderMark)
  }

  @Test func linesOfASequence() async throws {
    let chunks = AsyncStream<ArraySlice<UInt8>> { continuation in
      for chunk in ["{\"a\"", ":1}\n", "\n[", "]"] { continuation.yield(Array(chunk.utf8)[...]) }
      continuation.finish()
    }
    var texts: [String] = []
    for await line in JSONLines(chunks) { texts.append(String(decoding: line.bytes, as: UTF8.self)) }
    #expect(texts == ["{\"a\":1}", "[]"])
  }

  private func split(
    _ bytes: [UInt8], chunkLength: Int, limit: Int = 1 << 20, isRead: Bool = false
  ) -> [JSONLine] {
    var splitter = JSONLineSplitter(maximumLineLength: limit)
    var lines: [JSONLine] = []
    for start in stride(from: 0, to: bytes.count, by: chunkLength) {
      // In storage of its own, so that the address sanitizer sees its end.
      splitter.append(Array(bytes[start..<min(start + chunkLength, bytes.count)])[...])
      while let line = isRead ? splitter.nextRead() : splitter.next() { lines.append(line) }
    }
    if let line = splitter.finish() { lines.append(line) }
    return lines
  }
}
