// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import Testing

/// Documents of all lengths get their memory from blocks that others have left.
struct MemoryBlockTests {
  private static func text(_ length: Int, _ seed: Int) -> [UInt8] {
    [0x22] + (0..<length).map { UInt8(97 + ($0 &+ seed) % 26) } + [0x22]
  }

  @Test func documentsKeepTheirOwn() throws {
    var kept: [(JSONValue, [UInt8])] = []
    for round in 0..<40 {
      for length in [0, 900, 990, 1_000, 1_010, 1_100, 2_000, 2_040, 5_000, 16_000, 16_350, 16_400, 40_000] {
        let text = Self.text(length + round, round)
        kept.append((try JSONValue(parsing: text), text))
      }
      // Every other one goes, and the next round takes its memory.
      kept = kept.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
    }
    #expect(!kept.isEmpty && kept.allSatisfy { $0.bytes == $1 })
  }

  /// Made on one thread and left on another.
  @Test func documentsThatChangeHandsDoNotMix() async {
    let (documents, left) = AsyncStream.makeStream(of: (JSONValue, Int, Int).self)
    async let isRight: Bool = {
      for await (value, length, seed) in documents where value.bytes != Self.text(length, seed) {
        return false
      }
      return true
    }()
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for round in 0..<200 {
            let length = 1_000 + (task * 977 + round * 331) % 4_000
            guard let value = try? JSONValue(parsing: Self.text(length, task + round)) else { continue }
            left.yield((value, length, task + round))
          }
        }
      }
    }
    left.finish()
    #expect(await isRight)
  }

  /// Made on threads that are gone before their documents are.
  @Test func documentsOutliveTheirThreads() async {
    let texts = (0..<40).map { Self.text(1_500 + $0 * 100, $0) }
    let values = await withCheckedContinuation { done in
      Thread.detachNewThread { done.resume(returning: texts.map { try? JSONValue(parsing: $0) }) }
    }
    var others: [JSONValue?] = []
    for text in texts {
      others.append(
        await withCheckedContinuation { done in
          Thread.detachNewThread { done.resume(returning: try? JSONValue(parsing: text)) }
        })
    }
    #expect(values.map { $0?.bytes } == texts)
    #expect(others.map { $0?.bytes } == texts)
  }
}
