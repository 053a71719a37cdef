// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import Testing

@testable import OpenAIBatch

/// What is handed over in one piece, and how much of it there is, whatever the rows are like.
@Suite struct ResultSourceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func blocks(_ source: ResultSource) async -> [(rows: Int, weight: Int)] {
    var blocks: [(rows: Int, weight: Int)] = []
    let end = await source.read { rows, weight in
      blocks.append((rows.count, weight))
      return true
    }
    #expect(end.error == nil)
    return blocks
  }

  /// Rows without a line weigh too: else all of them would be read ahead.
  @Test func rowsThatAreMissingHaveAWeight() async throws {
    let ids = (0..<1000).map { #"{"custom_id":"row-\#($0)"}"# }
    let input = try folder.write(ids.joined(separator: "\n"), to: "in.jsonl")
    let source = ResultSource(
      client: .test(resultServer([:])), name: .batch(endedBatch(.cancelled)), isPartial: false,
      options: CallOptions(), input: input)
    let blocks = await blocks(source)
    #expect(blocks.reduce(0) { $0 + $1.rows } == 1000)
    #expect(blocks.allSatisfy { $0.rows <= ResultSource.blockRows && $0.weight >= $0.rows * 100 })
  }

  @Test(arguments: ["{}", answerLine("a"), answerLine("b", String(repeating: "x", count: 100_000))])
  func blocksAreSmall(line: String) async throws {
    let file = String(repeating: line + "\n", count: 2000)
    let source = ResultSource(
      client: .test(resultServer(["out": file])), name: .batch(endedBatch(output: "out")), isPartial: false,
      options: CallOptions())
    let blocks = await blocks(source)
    #expect(blocks.reduce(0) { $0 + $1.rows } == 2000)
    for (rows, weight) in blocks {
      #expect(rows <= ResultSource.blockRows && weight >= rows * (line.utf8.count + 100))
      #expect(rows == 1 || (rows - 1) * line.utf8.count < ReadAheadSize.block)
    }
  }
}
