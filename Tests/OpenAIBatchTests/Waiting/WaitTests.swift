// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import InMemoryLogging
import OpenAIBatch
import Synchronization
import Testing

/// A batch's state as a function of virtual time.
private func service(
  _ clock: VirtualClock, endsAfter end: Duration, as status: String = "completed",
  fields: [String: Any] = [:],
  fault: @escaping @Sendable (SentRequest) throws(TransportFailure) -> Reply? = { _ in nil }
) throws -> ScriptedTransport {
  let running = batchText(status: "in_progress", fields: fields)
  let ended = batchText(status: status, fields: fields)
  return ScriptedTransport { request throws(TransportFailure) in
    if let reply = try fault(request) { return reply }
    return Reply(200, clock.elapsed < end ? running : ended)
  }
}

@Suite struct WaitTests {
  @Test(arguments: ["completed", "failed", "expired", "cancelled"])
  func returnsForEveryEnd(status: String) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(30), as: status)
    let batch = try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1")
    #expect(batch.status.rawValue == status)
    #expect(clock.elapsed >= .seconds(30) && clock.elapsed <= .seconds(32))
  }

  @Test(arguments: ["COMPLETED", "Completed", "canceled", "Cancelled", "EXPIRED"])
  func knowsAnEndInAnySpelling(status: String) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .zero, as: status)
    let batch = try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1")
    #expect(batch.status.isTerminal)
    #expect(transport.requests.count == 1)
  }

  @Test func yieldsEachLookAndTheEndLast() async throws {
    let clock = VirtualClock()
    let states = ["validating", "queued_for_lunch", "in_progress", "finalizing", "completed"]
    let transport = ScriptedTransport { request in
      Reply(
        200,
        batchText(
          status: states[min(request.number, states.count) - 1],
          fields: ["request_counts": ["total": 10, "completed": request.number, "failed": 0]]))
    }
    var seen: [BatchUpdate] = []
    for try await update in BatchClient.test(transport, clock: clock).updates(of: "batch_1") {
      seen.append(update)
    }
    #expect(seen.map(\.status.rawValue) == states)
    #expect(seen.map(\.requestCounts.completed) == [1, 2, 3, 4, 5])
    #expect(seen.map(\.batch.id) == Array(repeating: "batch_1", count: 5))
    #expect(transport.lines == Array(repeating: "GET /v1/batches/batch_1", count: 5))
    #expect(clock.sleeps == [.seconds(2), .seconds(2), .seconds(2), .seconds(2)])
  }

  /// When the ten-minute outage begins.
  @Test(arguments: [0, 60, 1000, 40_000, 86_000], [0.0, 0.5, 0.999])
  func waitsADayWithFewRequests(outageStart: Int, jitter: Double) async throws {
    let clock = VirtualClock()
    let outage = Duration.seconds(outageStart)..<Duration.seconds(outageStart + 600)
    let transport = try service(
      clock, endsAfter: .seconds(86_400), fields: ["expires_at": Int(testEpoch) + 86_400]
    ) { request throws(TransportFailure) in
      if outage.contains(clock.elapsed) { throw .scripted(request.number % 2 == 0 ? .notSent : .timedOut) }
      return request.number % 100 == 7 ? Reply(502) : nil
    }
    let client = BatchClient.test(transport, clock: clock) { $0.random = { jitter } }
    let batch = try await client.waitUntilEnded("batch_1")
    #expect(batch.status == .completed)
    #expect(transport.requests.count <= 450)
    #expect(clock.elapsed < .seconds(86_400 + 700))
  }

  @Test(arguments: [
    Reply(400), Reply(408), Reply(409), Reply(422), Reply(429), Reply(500), Reply(502), Reply(503),
    Reply(504),
    Reply(200, "<html>proxy</html>"), Reply(200, ""),
    Reply(302, headers: [.location: "https://login.example/"]),
    Reply(429, #"{"error":{"message":"Pay.","code":"insufficient_quota"}}"#),
  ])
  func outlivesTenMinutesOfAnything(fault: Reply) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(1000)) { _ in
      (.seconds(100)..<Duration.seconds(700)).contains(clock.elapsed) ? fault : nil
    }
    let batch = try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1")
    #expect(batch.status == .completed)
    #expect(clock.elapsed < .seconds(1100))
  }

  @Test(arguments: [
    TransportFailure.Kind.notSent, .interrupted, .truncated, .timedOut, .malformed, .proxy, .tooLarge,
    .insecure,
  ])
  func outlivesTenMinutesWithoutANetwork(kind: TransportFailure.Kind) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(1000)) { _ throws(TransportFailure) in
      if (.seconds(100)..<Duration.seconds(700)).contains(clock.elapsed) { throw .scripted(kind) }
      return nil
    }
    #expect(
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1").status == .completed)
  }

  @Test(arguments: [401, 403])
  func endsAtOnceWhenTheKeyIsRefused(status: Int) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(1000)) { _ in
      clock.elapsed > .seconds(100) ? Reply(status) : nil
    }
    let client = BatchClient.test(transport, clock: clock)
    let error = try await failure { try await client.waitUntilEnded("batch_1") }
    #expect(error.kind == .unauthorized && error.status == status)
    #expect(clock.elapsed < .seconds(110))
  }

  @Test(arguments: [TransportFailure.Kind.invalid, .shutDown])
  func endsWhenNothingCanBeSent(kind: TransportFailure.Kind) async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { _ throws(TransportFailure) in throw .scripted(kind) }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1")
    }
    #expect((error.underlying as? TransportFailure)?.kind == kind)
    #expect(transport.requests.count == 1)
  }

  @Test func outlivesAMissingBatchJustAfterItsCreation() async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(100)) { _ in
      clock.elapsed < .seconds(14) ? Reply(404) : nil
    }
    #expect(
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1").status == .completed)
  }

  @Test(arguments: [
    (0, 15.0, 18.0),  // never seen
    (1, 60.0, 64.0),  // seen once
  ])
  func endsWhenTheBatchStaysUnknown(firstAnswers: Int, least: Double, most: Double) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(10_000)) { request in
      request.number > firstAnswers ? Reply(404) : nil
    }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1")
    }
    #expect(error.kind == .notFound)
    #expect((least...most).contains(clock.elapsed / .seconds(1)))
  }

  @Test func looksOftenWhileABatchIsMissing() async throws {
    let clock = VirtualClock()
    let missing = Mutex<Range<Duration>?>(nil)
    // Far into the wait, when polls are minutes apart, the batch is gone for 50 s.
    let transport = try service(clock, endsAfter: .seconds(20_000)) { _ in
      guard clock.elapsed > .seconds(10_000) else { return nil }
      return missing.withLock { missing in
        let range = missing ?? clock.elapsed..<clock.elapsed + .seconds(50)
        missing = range
        return range.contains(clock.elapsed) ? Reply(404) : nil
      }
    }
    #expect(
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1").status == .completed)
    #expect(missing.withLock { $0 } != nil)
  }

  @Test func keepsCountingA404ThroughOtherFailures() async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request in Reply(request.number % 2 == 0 ? 500 : 404) }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1")
    }
    #expect(error.kind == .notFound)
    #expect(clock.elapsed < .seconds(30))
  }

  @Test(arguments: [
    Reply(400), Reply(302, headers: [.location: "/login"]), Reply(429), Reply(500), Reply(200, "{}"),
  ])
  func outlivesTenMinutesFromTheStart(reply: Reply) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .zero) { _ in clock.elapsed < .seconds(600) ? reply : nil }
    #expect(
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1").status == .completed)
  }

  @Test(arguments: [Reply(400), Reply(302, headers: [.location: "/login"])])
  func endsAfterAnHourOfRefusalsOfWhatWasNeverSeen(reply: Reply) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .zero) { _ in reply }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("file-1")
    }
    #expect(error.status == reply.status)
    #expect((.seconds(3600)..<Duration.seconds(4000)).contains(clock.elapsed))
  }

  @Test(arguments: [TransportFailure.Kind.notSent, .insecure, .proxy, .malformed])
  func outlivesTenMinutesWithoutANetworkFromTheStart(kind: TransportFailure.Kind) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .zero) { _ throws(TransportFailure) in
      if clock.elapsed < .seconds(600) { throw .scripted(kind) }
      return nil
    }
    #expect(
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1").status == .completed)
  }

  @Test func saysOnceThatPollsFailAndThatTheyAreAnsweredAgain() async throws {
    let handler = InMemoryLogHandler()
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(1000)) { _ in
      (.seconds(100)..<Duration.seconds(700)).contains(clock.elapsed) ? Reply(503) : nil
    }
    let client = BatchClient.test(transport, clock: clock) {
      $0.logger = Logger(label: "test") { _ in handler }
    }
    _ = try await client.waitUntilEnded("batch_1")
    #expect(handler.entries.map(\.message) == ["polls fail; the wait goes on", "polls are answered again"])
    #expect(
      handler.entries[0].metadata == [
        "operation": "retrieveBatch", "failure": "serverError", "status": "503",
      ])
  }

  /// With a tenth of it, and a second at most, for jitter; the test's random number is a half.
  @Test(arguments: [
    (503, "40", [40.5]), (429, "100", [100.5]), (503, "5000", [300]), (503, "1", [1.05, 0.95]),
    (503, "5", [5.25]),
  ])
  func waitsAsLongAsTheServerAsks(status: Int, retryAfter: String, wait: [Double]) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .zero) { request in
      request.number == 1 ? Reply(status, headers: [.retryAfter: retryAfter]) : nil
    }
    _ = try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1")
    #expect(clock.sleeps.map { ($0 / .milliseconds(1)).rounded() } == wait.map { $0 * 1000 })
  }

  @Test func retriesAPollWhenToldTo() async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .zero) { $0.number < 3 ? Reply(500) : nil }
    _ = try await BatchClient.test(transport, clock: clock).waitUntilEnded(
      "batch_1", options: CallOptions(retry: .standard))
    #expect(clock.sleeps == [.milliseconds(250), .milliseconds(500)])
  }

  @Test(
    arguments: [
      ["expires_at": Int(testEpoch) + 100], ["expires_at": "2027-01-15T08:01:40Z"],
    ] as [[String: any Sendable]])
  func waitsUntilAnHourAfterTheExpiry(fields: [String: any Sendable]) async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(1_000_000), fields: fields)
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1")
    }
    #expect(error.kind == .timedOut)
    #expect(error.message.contains("in_progress") && error.message.contains("runs on"))
    #expect(abs(clock.elapsed / .seconds(1) - 3700) < 1)
  }

  @Test func waitsEightDaysWhenNoExpiryIsNamed() async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(1_000_000))
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1")
    }
    #expect(error.kind == .timedOut)
    #expect(clock.elapsed == .seconds(8 * 86_400))
  }

  @Test func looksOnceMoreAtTheEndOfTheTimeout() async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(7))
    let client = BatchClient.test(transport, clock: clock)
    #expect(
      try await client.waitUntilEnded("batch_1", timeout: .seconds(7), polling: .every(.seconds(5))).status
        == .completed)
    #expect(clock.sleeps == [.seconds(5), .seconds(2)])
  }

  @Test func endsWithItsTimeout() async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .seconds(1_000_000))
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1", timeout: .seconds(33))
    }
    #expect(error.kind == .timedOut)
    #expect(clock.elapsed == .seconds(33))
  }

  @Test func endsWithItsTimeoutThoughTheServerHangs() async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      try? await clock.sleep(for: request.timeouts.total ?? .seconds(100_000))
      throw .scripted(.timedOut)
    }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).waitUntilEnded("batch_1", timeout: .seconds(33))
    }
    #expect(error.kind == .timedOut)
    #expect(clock.elapsed <= .seconds(33))
  }

  @Test func endsWithItsTask() async throws {
    let clock = VirtualClock(isHeld: true)
    let transport = try service(clock, endsAfter: .seconds(1_000_000))
    let client = BatchClient.test(transport, clock: clock)
    let wait = Task { try await failure { try await client.waitUntilEnded("batch_1") } }
    await clock.waitForSleeper()
    wait.cancel()
    #expect(try await wait.value.isCancellation)
    #expect(transport.requests.count == 1)
  }

  @Test func isOverAfterTheEndAndAfterAnError() async throws {
    let clock = VirtualClock()
    let transport = try service(clock, endsAfter: .zero)
    var ended = BatchClient.test(transport, clock: clock).updates(of: "batch_1").makeAsyncIterator()
    #expect(try await ended.next() != nil)
    #expect(try await ended.next() == nil)
    let refusing = ScriptedTransport { _ in Reply(401) }
    var failed = BatchClient.test(refusing, clock: clock).updates(of: "batch_1").makeAsyncIterator()
    _ = try await failure { try await failed.next() }
    #expect(try await failed.next() == nil)
    #expect(transport.requests.count == 1 && refusing.requests.count == 1)
  }
}
