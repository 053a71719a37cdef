// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

/// Phase, stall and estimate, as a wait shows them.
@Suite struct ProgressTests {
  /// The updates of a wait over a batch that is described by the seconds since it was made.
  private func updates(
    polling: Polling = .every(.seconds(60)), until end: Double = 10_000,
    _ describe: @escaping @Sendable (Double) -> (status: String, fields: [String: any Sendable])
  ) async throws -> [BatchUpdate] {
    let clock = VirtualClock()
    let transport = ScriptedTransport { _ in
      let seconds = clock.elapsed / .seconds(1)
      let (status, fields) = describe(seconds)
      return Reply(200, batchText(status: seconds < end ? status : "completed", fields: fields))
    }
    var updates: [BatchUpdate] = []
    let client = BatchClient.test(transport, clock: clock)
    for try await update in client.updates(of: "batch_1", polling: polling) { updates.append(update) }
    return updates
  }

  @Test(
    arguments: [
      ("validating", [:], BatchPhase.validating), ("in_progress", [:], .running),
      ("IN_PROGRESS", [:], .running),
      ("finalizing", [:], .finalizing), ("cancelling", [:], .cancelling), ("completed", [:], .ended),
      ("failed", [:], .ended), ("expired", [:], .ended), ("cancelled", [:], .ended),
      ("queued", [:], .validating),
      ("crunching", ["in_progress_at": 1_800_000_001], .running),
      ("crunching", ["request_counts": ["total": 2, "completed": 1, "failed": 0]], .running),
      ("packing", ["in_progress_at": 1_800_000_001, "finalizing_at": 1_800_000_002], .finalizing),
      ("stopping", ["cancelling_at": 1_800_000_002], .cancelling),
    ] as [(String, [String: any Sendable], BatchPhase)])
  func phases(status: String, fields: [String: any Sendable], phase: BatchPhase) async throws {
    let first = try #require(try await updates { _ in (status, fields) }.first)
    #expect(first.phase == phase)
  }

  @Test func aSteadyRunIsForeseen() async throws {
    let seen = try await updates(until: 1000) { seconds in
      let done = Int(seconds)
      return (
        "in_progress",
        [
          "in_progress_at": Int(testEpoch),
          "request_counts": ["total": 1000, "completed": done, "failed": 0],
        ]
      )
    }
    #expect(seen[0].estimate == nil, "nothing has ended yet")
    for update in seen.dropFirst(2).dropLast() {
      let estimate = try #require(update.estimate)
      let left = Duration.seconds(1000 - update.requestCounts.completed)
      #expect(estimate.remaining.contains(left))
      #expect(estimate.remaining.upperBound <= left * 2.1)
      #expect(abs(estimate.rate - 1) < 0.1)
      #expect(estimate.basis == .recent)
    }
    #expect(seen.last?.estimate == nil)
    #expect(seen.last?.isStalled == false)
  }

  @Test func aWaitThatBeginsLateGoesByTheBatchsOwnTimes() async throws {
    let seen = try await updates(until: 60) { _ in
      (
        "in_progress",
        [
          "in_progress_at": Int(testEpoch) - 500,
          "request_counts": ["total": 1000, "completed": 480, "failed": 20],
        ]
      )
    }
    let estimate = try #require(seen[0].estimate)
    #expect(estimate.basis == .wholeRun)
    #expect(estimate.rate == 1)
    #expect(estimate.remaining == .seconds(375) ... .seconds(750))
    #expect(!seen[0].isStalled, "its counts may have moved a moment ago")
  }

  @Test func aRunThatSlowsDownHasAWideRange() async throws {
    // A thousand in the first 100 s, then one a second.
    let seen = try await updates(until: 2000) { seconds in
      let done = seconds < 100 ? Int(seconds * 10) : 1000 + Int(seconds - 100)
      return (
        "in_progress",
        [
          "in_progress_at": Int(testEpoch),
          "request_counts": ["total": 3000, "completed": done, "failed": 0],
        ]
      )
    }
    let late = try #require(seen.last { $0.estimate != nil })
    let left = Duration.seconds(3000 - late.requestCounts.completed)
    #expect(try #require(late.estimate).remaining.contains(left))
  }

  @Test(
    arguments: [
      ["request_counts": ["total": 0, "completed": 0, "failed": 0]],
      ["request_counts": ["total": 5, "completed": 5, "failed": 0]],
      ["request_counts": ["total": 5, "completed": 9, "failed": 0]],
      ["request_counts": ["total": 5, "completed": -9, "failed": 0]],
      ["request_counts": ["total": Int.max, "completed": Int.max, "failed": 1]],
      ["request_counts": ["total": Int.min, "completed": Int.min, "failed": Int.min]],
      ["request_counts": ["total": 5, "completed": Int.max, "failed": Int.max]],
      ["request_counts": ["total": 5, "completed": 1, "failed": 0], "in_progress_at": 9_000_000_000],
      [:],
    ] as [[String: any Sendable]])
  func nothingIsForeseenFromNothing(fields: [String: any Sendable]) async throws {
    let seen = try await updates(until: 200) { _ in ("in_progress", fields) }
    #expect(seen.allSatisfy { $0.estimate == nil })
  }

  @Test func aBatchWithoutProgressIsStalledAfterAnHour() async throws {
    let seen = try await updates { seconds in
      ("in_progress", ["request_counts": ["total": 9, "completed": seconds < 5000 ? 1 : 2, "failed": 0]])
    }
    var start = 0
    for (index, update) in seen.enumerated().dropLast() {
      if index > 0, update.requestCounts != seen[index - 1].requestCounts { start = index }
      #expect(update.unchangedFor == .seconds(60 * (index - start)))
      #expect(update.isStalled == (index - start >= 60))
    }
    #expect(start > 0)
    #expect(seen.filter(\.isStalled).count > 1)
    #expect(seen.last?.isStalled == false)
  }

  @Test func aBatchThatNeverBeganIsSeenToBeStalledAtOnce() async throws {
    let seen = try await updates(until: 60) { _ in
      ("in_progress", ["created_at": Int(testEpoch) - 9000, "in_progress_at": Int(testEpoch) - 7200])
    }
    #expect(seen[0].unchangedFor == .seconds(7200))
    #expect(seen[0].isStalled)
  }

  @Test func timeToExpiry() async throws {
    let seen = try await updates(until: 300) { _ in ("in_progress", ["expires_at": Int(testEpoch) + 100]) }
    let times: [Duration?] = [.seconds(100), .seconds(40), .zero, .zero, .zero, .zero]
    #expect(seen.map(\.timeToExpiry) == times)
    let timeless = try await updates(until: 0) { _ in ("in_progress", [:]) }
    #expect(timeless.map(\.timeToExpiry) == [nil])
  }
}
