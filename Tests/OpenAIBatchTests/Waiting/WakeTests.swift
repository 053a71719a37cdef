// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import Synchronization
import Testing

@Suite struct WakeTests {
  private let clock = VirtualClock(isHeld: true)

  @Test func endsTheSleepOfThoseWhoWaitForTheBatch() async throws {
    let hasEnded = Mutex(false)
    let transport = ScriptedTransport { _ in
      Reply(200, batchText(status: hasEnded.withLock { $0 } ? "completed" : "in_progress"))
    }
    let client = BatchClient.test(transport, clock: clock)
    let wait = Task { try await client.waitUntilEnded("batch_1") }
    await clock.waitForSleeper()
    client.wake("batch_2")
    hasEnded.withLock { $0 = true }
    let copy = client
    copy.wake("batch_1")
    #expect(try await wait.value.status == .completed)
    #expect(clock.elapsed == .zero)
    #expect(transport.requests.count == 2)
  }

  @Test func isNotLostWhileAPollIsUnderWay() async throws {
    let (polls, poll) = AsyncStream.makeStream(of: Int.self)
    let (answers, answer) = AsyncStream.makeStream(of: String.self)
    let transport = ScriptedTransport { request in
      poll.yield(request.number)
      var iterator = answers.makeAsyncIterator()
      return Reply(200, batchText(status: await iterator.next() ?? "failed"))
    }
    let client = BatchClient.test(transport, clock: clock)
    let wait = Task { try await client.waitUntilEnded("batch_1") }
    var number = polls.makeAsyncIterator()
    #expect(await number.next() == 1)
    // The server has looked already; then the batch ends and the webhook comes.
    client.wake("batch_1")
    answer.yield("in_progress")
    #expect(await number.next() == 2)
    answer.yield("completed")
    #expect(try await wait.value.status == .completed)
    #expect(clock.sleeps.isEmpty)
  }

  @Test func doesNothingWhenNobodyWaits() async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText(status: "in_progress")) }
    let client = BatchClient.test(transport, clock: clock)
    client.wake("batch_1")
    let wait = Task { try await client.waitUntilEnded("batch_1") }
    await clock.waitForSleeper()
    #expect(transport.requests.count == 1)
    wait.cancel()
    _ = try? await wait.value
  }
}
