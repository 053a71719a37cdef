// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

/// A batch of the largest size whose files are shuffled and went wrong in every way.
@Suite struct LargeBatchTests {
  private static let rows = 50_000
  private let folder: TemporaryFolder
  private let path: String
  private let client: BatchClient
  private let batch = endedBatch(output: "out", error: "err")
  private let expected: [String]

  init() throws {
    folder = try TemporaryFolder()
    var random = SeededGenerator(state: 20)
    let numbers = (0..<Self.rows).shuffled(using: &random)
    let rejected = Set(numbers[..<500])
    let notRun = Set(numbers[500..<750])
    let dropped = Set(numbers[750..<753])
    let duplicated = numbers[753..<755]
    expected = (0..<Self.rows).map { number in
      rejected.contains(number)
        ? "r\(number)!rejected"
        : notRun.contains(number)
          ? "r\(number)!expired" : dropped.contains(number) ? "r\(number)!missing" : "r\(number)=a\(number)"
    }
    path = try folder.write(
      (0..<Self.rows).map { "{\"custom_id\":\"r\($0)\"}\n" }.joined(), to: "in.jsonl")
    var output = numbers.filter { !notRun.contains($0) && !dropped.contains($0) && !rejected.contains($0) }
      .map { Self.answer($0) }
    output += duplicated.map { Self.answer($0) } + [answerLine("foreign")]
    output.shuffle(using: &random)
    var errors = rejected.sorted().map { rejectionLine("r\($0)") }
    errors += notRun.sorted().map { notRunLine("r\($0)") }
    errors.shuffle(using: &random)
    client = BatchClient.test(
      resultServer(["out": output.joined(separator: "\n"), "err": errors.joined(separator: "\n")]))
  }

  private static func answer(_ number: Int) -> String {
    #"{"custom_id":"r\#(number)","response":{"status_code":200,"body":{"choices":[{"text":"a\#(number)"}],"#
      + #""usage":{"total_tokens":2}}}}"#
  }

  @Test func isAccountedForExactlyAndHasEveryRowInPlace() async throws {
    let account = try await client.account(of: batch, input: path, keepsLines: true)
    let audit = try account.audit()
    #expect(audit.rows == Self.rows)
    #expect(audit.answered == 49_247)
    #expect(audit.failed == [.rejected: 500, .expired: 250, .missing: 3])
    #expect(audit.duplicates == 2 && audit.unexpected == 1 && audit.unexpectedIDs == ["foreign"])
    #expect(audit.usage.totalTokens == 2 * 49_247)
    #expect(account.count == Self.rows)
    for row in 0..<Self.rows { try #require(words(account.result(at: row).result) == expected[row]) }
  }
}

/// SplitMix64: the same shuffle every time.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
