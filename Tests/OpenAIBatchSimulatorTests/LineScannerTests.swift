// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Testing

@testable internal import OpenAIBatchSimulator

struct LineScannerTests {
  private func lines(_ text: [UInt8]) throws -> [(number: Int, text: String?)] {
    let sink = try FileSink(name: "input", in: PrivateFolder(in: nil))
    try sink.write(text)
    let reader = try sink.finish().open()
    var scanner = LineScanner(reader)
    var lines: [(Int, String?)] = []
    while let line = try scanner.next() {
      if let bytes = line.bytes {
        #expect(try reader.read(line.length, at: line.offset) == Array(bytes))
      }
      lines.append((line.number, line.bytes.map { String(decoding: $0, as: UTF8.self) }))
    }
    return lines
  }

  @Test(arguments: [
    ("", []), ("\n\n", []), ("a", ["1:a"]), ("a\n", ["1:a"]), ("a\nb", ["1:a", "2:b"]),
    ("a\r\n\r\n \t\nb\r\n", ["1:a", "4:b"]), ("a\u{2028}b\u{85}\nc", ["1:a\u{2028}b\u{85}", "2:c"]),
  ])
  func `lines and their places`(text: String, expected: [String]) throws {
    let lines = try lines(Array(text.utf8))
    #expect(lines.map { "\($0.number):\($0.text ?? "")" } == expected)
  }

  @Test func `lines that cross the pieces in which a file is read`() throws {
    let words = (0..<40).map { String(repeating: "\($0) ", count: 10_000 + $0) }
    let lines = try lines(Array(words.joined(separator: "\n").utf8))
    #expect(lines.map(\.text) == words)
  }

  @Test func `a line over the limit is not kept, and those after it are found`() throws {
    var text = Array("a\n".utf8)
    text += Array(repeating: 0x78, count: LineScanner.maximumLineLength + 1_000_000)
    text += Array("\nb\n".utf8)
    let lines = try lines(text)
    #expect(lines.map(\.number) == [1, 2, 3])
    #expect(lines.map(\.text) == ["a", nil, "b"])
  }
}
