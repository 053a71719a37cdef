// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import Testing

/// The splitter against a plain reading of the whole text, in pieces of every size. See ``JSONFuzz`` for longer
/// runs.
struct JSONLineFuzzTests {
  @Test(arguments: 20..<24)
  func linesAreTheSameInPiecesOfAnySize(seed: Int) {
    var fuzz = JSONFuzz(seed: seed)
    for _ in 0..<JSONFuzz.documents(parts: 4) {
      var bytes: [UInt8] = fuzz.chance(4) ? [0xEF, 0xBB, 0xBF] : []
      for _ in 0..<Int.random(in: 0...6, using: &fuzz.random) { bytes += piece(&fuzz) }
      let limit = fuzz.pick([16, 100, 100_000])
      let lines = split(bytes, limit: limit, &fuzz)
      #expect(lines.map(PlainLine.init) == PlainLine.lines(of: bytes, limit: limit))
      for line in lines {
        let isJSON = !line.isTooLong && (try? JSONValue(parsing: line.bytes)) != nil
        #expect(((try? line.parse()) != nil) == isJSON)
      }
    }
  }

  private func piece(_ fuzz: inout JSONFuzz) -> [UInt8] {
    switch Int.random(in: 0..<6, using: &fuzz.random) {
    case 0: return Array("\n\r\n \t\n".utf8)
    case 1: return Array("x\0y\u{2028}z\u{85}\r\n".utf8)
    case 2: return [0xFF, 0xC3, 0x0A]
    case 3:
      return [UInt8](repeating: 0x78, count: Int.random(in: 0...150, using: &fuzz.random)) + [0x0A]
    default:
      var text = Array(fuzz.record().utf8)
      if fuzz.chance(3) { fuzz.damage(&text) }
      return text.filter { $0 != 0x0A } + (fuzz.chance(5) ? [] : [0x0A])
    }
  }

  private func split(_ bytes: [UInt8], limit: Int, _ fuzz: inout JSONFuzz) -> [JSONLine] {
    var splitter = JSONLineSplitter(maximumLineLength: limit)
    var lines: [JSONLine] = []
    let isRead = fuzz.chance(2)
    var start = 0
    while start < bytes.count {
      let end = min(
        bytes.count, start + Int.random(in: 1...fuzz.pick([1, 5, 1000]), using: &fuzz.random))
      splitter.append(Array(bytes[start..<end])[...])
      while let line = isRead ? splitter.nextRead() : splitter.next() { lines.append(line) }
      start = end
    }
    if let line = splitter.finish() { lines.append(line) }
    return lines
  }
}
