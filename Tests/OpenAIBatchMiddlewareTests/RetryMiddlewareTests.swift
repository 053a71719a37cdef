// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Synchronization
import Testing

@testable import OpenAIBatchMiddleware

@Suite(.timeLimit(.minutes(2)))
struct RetryMiddlewareTests {
  @Test(arguments: 1...6, 0...6)
  func attemptsAreFailuresPlusOneUpToTheMost(most: Int, failures: Int) async {
    let rig = Rig(
      Array(repeating: .status(500), count: failures), policy: RetryPolicy(maxAttempts: most))
    let result = await rig.call()
    #expect(rig.transport.records.count == min(failures + 1, most))
    #expect(result.status == (failures < most ? 200 : 500))
    #expect(result.failure?.attempts == (failures < most ? nil : most))
  }

  @Test(arguments: 1...50)
  func delaysStayWithinTheJittersBounds(seed: Int) async {
    let random = SeededRandom(UInt64(seed))
    let rig = Rig(
      Array(repeating: .status(500), count: 7), policy: RetryPolicy(maxAttempts: 8), random: { random.next() }
    )
    _ = await rig.call()
    let delays = zip(rig.instants.dropFirst(), rig.instants).map { $0 - $1 }
    let ceilings = [0.5, 1, 2, 4, 8, 8, 8].map { Duration.seconds($0) }
    #expect(delays.count == ceilings.count)
    #expect(zip(delays, ceilings).allSatisfy { .milliseconds(50) <= $0 && $0 <= $1 })
  }

  @Test func theCallsOwnPolicyWins() async {
    let failures = Array(repeating: ScriptedTransport.Answer.status(500), count: 9)
    let patient = Rig(failures, policy: .none)
    let own = RetryPolicy(maxAttempts: 5, backoff: .fullJitter(base: .seconds(7), cap: .seconds(7)))
    #expect(await patient.call(retry: own).failure?.attempts == 5)
    let hasty = Rig(failures, policy: .standard)
    #expect(await hasty.call(retry: RetryPolicy.none).failure?.attempts == 1)
    #expect(hasty.transport.records.count == 1)
  }

  @Test(arguments: [0, -1, Int.min])
  func aSenselessMaximumIsOneAttempt(most: Int) async {
    var policy = RetryPolicy(maxAttempts: most)
    #expect(policy.maxAttempts == 1)
    policy.maxAttempts = most
    let rig = Rig([.status(500)], policy: policy)
    #expect(await rig.call().failure?.attempts == 1)
  }

  // MARK: Deadline

  @Test(arguments: [
    (hint: "2", timeout: Duration.seconds(2), isRetried: false),
    ("2", .milliseconds(1999), false),
    ("2", .milliseconds(2001), true),
    ("119", .seconds(60), false),
  ])
  func noWaitEndsAtOrAfterTheDeadline(hint: String, timeout: Duration, isRetried: Bool) async {
    let rig = Rig([.status(503, [.retryAfter: hint])])
    let result = await rig.call(timeout: timeout)
    #expect(result.status == (isRetried ? 200 : 503))
    #expect(
      rig.clock.now.offset == (isRetried ? .seconds(2) : .zero), "it fails at once, not at the deadline")
  }

  @Test(arguments: 1...50)
  func theDeadlineIsNeverPassed(seed: Int) async {
    let random = SeededRandom(UInt64(seed))
    let rig = Rig(
      Array(repeating: .status(500), count: 99), policy: RetryPolicy(maxAttempts: 100),
      random: { random.next() })
    let result = await rig.call(timeout: .seconds(20))
    #expect(result.status == 500)
    #expect(rig.clock.now.offset < .seconds(20))
    #expect(rig.instants.allSatisfy { $0 < .seconds(20) })
  }

  // MARK: Cancellation

  @Test func cancellationInterruptsTheWait() async {
    let budget = RetryBudget()
    let rig = Rig([.status(500)], budget: budget)
    let call = Task { await rig.send() }
    await rig.clock.waitForSleepers(1)
    call.cancel()
    let result = await call.value
    #expect(result.kind == .cancelled)
    #expect(result.failure?.attempts == 1)
    #expect(rig.transport.records.count == 1)
    #expect(rig.clock.now.offset == .zero)
    #expect(rig.clock.sleepers == 0)
    #expect(budget.withdraw(500), "a retry that was not made costs nothing")
  }

  @Test func aCancelledTaskDoesNotTryAgain() async {
    let clock = ManualClock()
    let transport = ScriptedTransport(clock: clock) { _, _, _ in
      withUnsafeCurrentTask { $0?.cancel() }
      return .status(500)
    }
    let rig = Rig(clock: clock, transport: transport, random: { 0 })
    #expect(await rig.call().kind == .cancelled)
    #expect(transport.records.count == 1)
  }

  @Test func anAnswerThatIsFinalStaysWhatItIsWhenTheTaskIsCancelled() async {
    let clock = ManualClock()
    let transport = ScriptedTransport(clock: clock) { _, _, _ in
      withUnsafeCurrentTask { $0?.cancel() }
      return .status(404)
    }
    let rig = Rig(clock: clock, transport: transport, random: { 0 })
    #expect(await rig.call().status == 404)
  }

  // MARK: What each attempt carries

  @Test func theCredentialIsFreshForEachAttempt() async {
    let count = Mutex(0)
    let credential = Credential.bearer {
      "token-\(count.withLock { count in count += 1; return count })"
    }
    let rig = Rig(
      [.status(401, [.shouldRetry: "true"]), .status(500)], perAttempt: [CredentialMiddleware(credential)])
    #expect(await rig.call().status == 200)
    let sent = rig.transport.records.map { $0.request.head.headerFields[.authorization] }
    #expect(sent == ["Bearer token-1", "Bearer token-2", "Bearer token-3"])
  }

  @Test func attemptsAreNumbered() async {
    let seen = Recorder()
    let rig = Rig([.status(500), .failure(.interrupted)], perCall: [seen], perAttempt: [seen])
    _ = await rig.call()
    #expect(seen.attempts == [1, 1, 2, 3], "once per call, then once per attempt")
  }

  @Test func theBodyIsTheSameInEachAttempt() async {
    let rig = Rig([.status(500)])
    _ = await rig.call(.duplicable, body: .bytes([1, 2, 3]))
    let bodies = rig.transport.records.map { record -> [UInt8] in
      if case .bytes(let bytes) = record.request.body.source { bytes } else { [] }
    }
    #expect(bodies == [[1, 2, 3], [1, 2, 3]])
  }

  /// Notes the number of the attempt.
  final class Recorder: Middleware {
    private let log = Mutex<[Int]>([])
    var attempts: [Int] { log.withLock { $0 } }

    func intercept(
      _ request: TransportRequest, context: CallContext, next: Next
    ) async throws(CallFailure) -> TransportResponse {
      log.withLock { $0.append(context.attempt) }
      return try await next(request, context)
    }
  }
}

struct BackoffTests {
  @Test(arguments: [
    (attempt: 1, random: 0.0, delay: Duration.milliseconds(50)),
    (1, 0.5, .milliseconds(250)), (2, 0.5, .milliseconds(500)), (5, 0.5, .seconds(4)), (6, 0.5, .seconds(4)),
    (1, 0.01, .milliseconds(50)), (0, 0.5, .milliseconds(250)), (-5, 0.5, .milliseconds(250)),
    (Int.max, 0.5, .seconds(4)),
  ])
  func standard(attempt: Int, random: Double, delay: Duration) {
    #expect(Backoff.standard.delay(after: attempt, random: random) == delay)
  }

  @Test func senselessFiguresDoNotTrap() {
    let longest = Duration(secondsComponent: .max, attosecondsComponent: 0)
    #expect(Backoff.fullJitter(base: longest, cap: longest).delay(after: 99, random: 0.5) == .seconds(43_200))
    #expect(
      Backoff.fullJitter(base: .zero - longest, cap: longest).delay(after: 99, random: 0.5)
        == .milliseconds(50))
    #expect(Backoff.fullJitter(base: longest, cap: .zero - longest).delay(after: 1, random: 0.5) == .zero)
    #expect(
      Backoff.fullJitter(base: .seconds(1), cap: .milliseconds(1)).delay(after: 1, random: 0)
        == .milliseconds(1))
  }
}
