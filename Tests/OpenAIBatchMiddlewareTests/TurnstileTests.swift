// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Synchronization
import Testing

@testable import OpenAIBatchMiddleware

@Suite(.timeLimit(.minutes(2)))
struct TurnstileTests {
  @Test func letsOneInAtATimeInOrder() async throws {
    let turnstile = Turnstile()
    let tally = Tally()
    try await turnstile.enter()
    try await withThrowingTaskGroup { group in
      for index in 0..<100 {
        group.addTask {
          try await turnstile.enter()
          tally.order.withLock { $0.append(index) }
          turnstile.leave()
        }
        try await waitUntil { turnstile.count == index + 2 }
      }
      turnstile.leave()
      try await group.waitForAll()
    }
    #expect(tally.order.withLock { $0 } == Array(0..<100))
    #expect(turnstile.count == 0)
  }

  @Test func aCancelledWaiterLeavesTheQueue() async throws {
    let turnstile = Turnstile()
    try await turnstile.enter()
    let waiter = Task { try await turnstile.enter() }
    try await waitUntil { turnstile.count == 2 }
    waiter.cancel()
    await #expect(throws: CancellationError.self) { try await waiter.value }
    #expect(turnstile.count == 1)
    turnstile.leave()
    #expect(turnstile.count == 0)
    try await turnstile.enter()
  }

  /// Real concurrency, half of the tasks cancelled at any moment: each ends, none shares, nobody sleeps on.
  @Test func stress() async throws {
    let turnstile = Turnstile()
    let tally = Tally()
    let tasks = 8000
    await withTaskGroup { group in
      for index in 0..<tasks {
        group.addTask {
          let visitor = Task {
            if index % 3 == 0 { await Task.yield() }
            do {
              try await turnstile.enter()
            } catch {
              tally.refused.add(1, ordering: .relaxed)
              return
            }
            if tally.inside.add(1, ordering: .acquiringAndReleasing).newValue != 1 {
              Issue.record("two inside")
            }
            if index % 5 == 0 { await Task.yield() }
            tally.inside.subtract(1, ordering: .acquiringAndReleasing)
            tally.entered.add(1, ordering: .relaxed)
            turnstile.leave()
          }
          if index % 2 == 0 {
            for _ in 0..<index % 7 { await Task.yield() }
            visitor.cancel()
          }
          await visitor.value
        }
      }
    }
    let entered = tally.entered.load(ordering: .relaxed)
    #expect(entered + tally.refused.load(ordering: .relaxed) == tasks)
    #expect(entered >= tasks / 2)
    #expect(turnstile.count == 0)
  }

  private final class Tally: Sendable {
    let order = Mutex<[Int]>([])
    let inside = Atomic(0)
    let entered = Atomic(0)
    let refused = Atomic(0)
  }
}
