// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchMiddleware

/// A thousand tasks that fail together (row T1 of the fault table).
struct RetryStormTests {
  private static let tasks = 1000

  private func storm(
    script: @escaping @Sendable (TransportRequest, Int, Duration) -> ScriptedTransport.Answer
  ) async -> (rig: Rig, results: [Result<Int, CallFailure>]) {
    let random = SeededRandom(42)
    let clock = ManualClock()
    let rig = Rig(
      clock: clock, transport: ScriptedTransport(clock: clock, script: script), random: { random.next() })
    let results = await clock.run(tasks: Self.tasks) { _ in await rig.send(.creates) }
    return (rig, results)
  }

  @Test func aHintDoesNotWakeAllAtOnce() async {
    let (rig, results) = await storm { _, number, _ in
      number < Self.tasks ? .status(429, [.retryAfter: "1"]) : .status(200)
    }
    #expect(results.allSatisfy { $0.status == 200 })
    let second = rig.instants.dropFirst(Self.tasks)
    #expect(second.count == Self.tasks)
    #expect(second.allSatisfy { $0 >= .seconds(1) && $0 <= .milliseconds(1100) })
    #expect(Self.crowd(second, within: .milliseconds(1)) < 40, "10 a millisecond when spread evenly")
  }

  @Test func withoutAHintTheBudgetBoundsTheStorm() async {
    let (rig, results) = await storm { _, _, _ in .status(429) }
    #expect(results.count == Self.tasks)
    #expect(results.allSatisfy { $0.status == 429 })
    #expect(rig.transport.records.count == Self.tasks + 500 / 5)
    let again = rig.instants.dropFirst(Self.tasks)
    #expect(Self.crowd(again, within: .milliseconds(1)) < 40)
  }

  @Test func aServerThatServesSomeIsNotFloodedByTheRest() async {
    let served = SeededRandom(3)
    let (rig, results) = await storm { _, _, _ in
      served.next() < 0.4 ? .status(200) : .status(429, [.retryAfterMilliseconds: "700"])
    }
    #expect(results.count == Self.tasks)
    #expect(results.allSatisfy { $0.status == 200 || ($0.status == 429 && $0.failure?.attempts == 3) })
    #expect(rig.transport.records.count <= Self.tasks * 3)
    #expect(rig.clock.now.offset <= .milliseconds(2 * 770))
  }

  /// The most instants in any window of a length.
  private static func crowd(_ instants: some Sequence<Duration>, within length: Duration) -> Int {
    let sorted = instants.sorted()
    var start = 0
    var most = 0
    for end in sorted.indices {
      while sorted[end] - sorted[start] > length { start += 1 }
      most = max(most, end - start + 1)
    }
    return most
  }
}
