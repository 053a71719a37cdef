// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

/// Every value of every golden file replaced by every extreme one: an error or a value, never a trap; and what
/// was read once comes round.
struct HostileInputTests {
  static let extremes = [
    "null", "true", "false", "[]", "{}", #""""#, #""\u0000""#, "0", "-0.0", "-1", "0.1", "1e-400", "1e11",
    "1e17",
    "1e19", "1e20", "1e308", "-1e308", "1e400", "9007199254740993", "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808", "18446744073709551616", #""9223372036854775808""#, #""1e308""#, #""-""#,
    #""9999-12-31T23:59:59.999999999+23:59""#, #""0000-01-01T00:00:00-23:59""#, #""nan""#, "[[[null]]]",
    #"{"data":{"data":{"data":[{}]}}}"#, #"{"job":{"job":{"id":"x"}}}"#, #"[{"id":"x"},null]"#,
  ]

  /// Together these have every key.
  @Test(arguments: ["States/completed", "States/failed", "Providers/together_created"])
  func batches(name: String) throws {
    for text in variants(of: try GoldenFile(name).bytes) {
      guard let batch = try? JSONText.decode(Batch.self, from: text[...]) else { continue }
      #expect(batch.requestCounts.unfinished >= 0)
      #expect((batch.failure == nil) == (batch.status != .failed))
      #expect(batch.errors.allSatisfy { !$0.description.isEmpty })
      #expect(
        try JSONText.decode(Batch.self, from: JSONText.encode(batch)[...]) == batch,
        "\(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test func lists() throws {
    for name in try GoldenFile.names(in: "Lists").sorted() {
      for text in variants(of: try GoldenFile(name).bytes) {
        guard let list = try? JSONText.decode(ListEnvelope<Batch>.self, from: text[...]) else { continue }
        let page = ListBatchesResponse(list, limit: 2)
        #expect(page.data.isEmpty || page.lastID != nil)
      }
    }
  }

  @Test func files() throws {
    for name in try GoldenFile.names(in: "Files").sorted() {
      for text in variants(of: try GoldenFile(name).bytes) {
        _ = try? JSONText.decode(FileDeletion.self, from: text[...])
        guard let file = try? JSONText.decode(FileObject.self, from: text[...]) else { continue }
        #expect(
          try JSONText.decode(FileObject.self, from: JSONText.encode(file)[...]) == file,
          "\(String(decoding: text, as: UTF8.self))")
      }
    }
  }

  @Test(arguments: ResultLineSamples.lines)
  func resultLines(line: String) throws {
    for text in variants(of: Array(line.utf8)) + prefixes(of: Array(line.utf8)) {
      _ = APIError(body: text)
      var splitter = JSONLineSplitter()
      splitter.append(text[...])
      guard let line = splitter.next() ?? splitter.finish() else { continue }
      let result = BatchResult<BatchResponse>(line: line)
      switch result.outcome {
      case .success(let response):
        #expect(200..<300 ~= response.statusCode)
        _ = try JSONValue(parsing: response.body)
        _ = (response.outputText, response.refusal, response.finishReason, response.usage)
      case .failure(let failure):
        #expect(failure.raw == text)
        #expect(!failure.message.isEmpty)
        _ = (failure.isRetryable, failure.description)
      }
    }
  }

  private func prefixes(of bytes: [UInt8]) -> [[UInt8]] { (1..<bytes.count).map { Array(bytes[..<$0]) } }

  /// The text with each of its values, objects and lists included, replaced by each extreme.
  private func variants(of bytes: [UInt8]) -> [[UInt8]] {
    guard let value = try? JSONValue(parsing: bytes) else { return [] }
    return places(in: value).flatMap { place in
      Self.extremes.map { extreme in
        var text = bytes
        text.replaceSubrange(place, with: extreme.utf8)
        return text
      }
    }
  }

  private func places(in value: JSONValue) -> [Range<Int>] {
    [value.range] + value.elements.flatMap(places) + value.members.flatMap { places(in: $0.value) }
  }
}
