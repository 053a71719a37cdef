// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Testing

@testable import openai_batch

@Suite struct ReservoirTests {
  private func sample(_ count: Int, of rows: Int, seed: UInt64) -> [Int] {
    var reservoir = Reservoir(count: count, seed: seed)
    for row in 0..<rows { reservoir.offer(row * 10..<row * 10 + 10) }
    return reservoir.ranges.map { $0.lowerBound / 10 }
  }

  @Test func keepsAllOfFew() {
    #expect(sample(5, of: 3, seed: 1) == [0, 1, 2])
    #expect(sample(5, of: 5, seed: 1) == [0, 1, 2, 3, 4])
    #expect(sample(5, of: 0, seed: 1) == [])
  }

  @Test func keepsSoManyInOrderAndTheSameForASeed() {
    for seed in 0..<50 as Range<UInt64> {
      let rows = sample(7, of: 100, seed: seed)
      #expect(rows.count == 7 && rows == Array(Set(rows)).sorted())
      #expect(rows == sample(7, of: 100, seed: seed))
    }
    // The same on every machine and in every version.
    #expect(sample(4, of: 1000, seed: 42) == sample(4, of: 1000, seed: 42))
    #expect(Set((0..<50).map { sample(7, of: 100, seed: $0) }).count == 50)
  }

  @Test func eachRowHasTheSameChance() {
    var counts = Array(repeating: 0, count: 20)
    for seed in 0..<20_000 as Range<UInt64> { for row in sample(5, of: 20, seed: seed) { counts[row] += 1 } }
    // 5,000 are expected of each, with a standard deviation of 61.
    for count in counts { #expect(4_700...5_300 ~= count) }
  }

  @Test(arguments: [
    ("a", 1, ["a-001.jsonl"], "a-002.jsonl"), ("dir/", 1, ["dir/001.jsonl"], "dir/002.jsonl"),
    ("a.jsonl", 2, ["a-001.jsonl", "a-002.jsonl"], "a-003.jsonl"),
  ])
  func namesOfShards(prefix: String, count: Int, all: [String], next: String) {
    let names = ShardNames(prefix: prefix, count: count)
    #expect(names.all == all && names.next == next)
  }

  @Test func manyShardsHaveNamesOfOneLength() {
    let names = ShardNames(prefix: "a", count: 1234)
    #expect(names.all.first == "a-0001.jsonl" && names.all.last == "a-1234.jsonl")
    #expect(names.all == names.all.sorted())
  }

  @Test(
    arguments: [
      ("1", 1), ("200MB", 200_000_000), ("200MiB", 209_715_200), ("1.5kB", 1500), ("2gb", 2_000_000_000),
    ] as [(String, Int64)])
  func numbersOfBytes(argument: String, count: Int64) {
    #expect(ByteCount(argument: argument)?.count == count)
  }

  @Test(arguments: ["", "0", "-1", "MB", "1 MB", "1TB", "0.5", "1e400", "٣MB"])
  func noNumbersOfBytes(argument: String) { #expect(ByteCount(argument: argument) == nil) }
}
