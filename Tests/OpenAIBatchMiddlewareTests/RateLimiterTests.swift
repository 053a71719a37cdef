// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Synchronization
import Testing

@testable import OpenAIBatchMiddleware

@Suite(.timeLimit(.minutes(2)))
struct RateLimiterTests {
  /// Each admission of a million, a third of whose waits are cancelled, against the bound of the algorithm:
  /// in any window of length t at most burst + t / interval.
  @Test(arguments: [1, 20])
  func noWindowHoldsMoreThanBurstPlusRate(burst: Int) async throws {
    let random = SeededRandom(11)
    let clock = LeapingClock { random.next() < 1 / 3.0 }
    let interval = Duration.milliseconds(100)
    let limiter = RateLimiter(.requests(600, per: .seconds(60), burst: burst), clock: PolicyClock(clock))
    // With surplus = n · interval − time of admission n, the bound says that it never rises by more than this.
    let tolerance = interval * (burst - 1)
    var rated = Duration.zero
    var lowest = Duration.seconds(1 << 40)
    var rise = Duration.zero
    var cancelled = 0
    for _ in 0..<500_000 {
      // Crowds and pauses: often no time passes between two requests, sometimes much.
      if random.next() < 0.02 { clock.advance(interval * (random.next() * 60)) }
      do throws(CallFailure) {
        try await limiter.admit(.queries, deadline: nil)
        let surplus = rated - clock.now.offset
        rated += interval
        lowest = min(lowest, surplus)
        rise = max(rise, surplus - lowest)
      } catch {
        cancelled += 1
      }
    }
    #expect(rise <= tolerance)
    #expect(burst == 1 || rise > .zero, "bursts happened")
    #expect(cancelled > 50_000, "waits were cancelled")
  }

  @Test func aSteadyLoadGetsTheWholeRate() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.requests(10, per: .seconds(1), burst: 5), clock: PolicyClock(clock))
    for _ in 0..<1005 { try await limiter.admit(.queries, deadline: nil) }
    #expect(clock.now.offset == .seconds(100))
  }

  @Test func waitersAreAdmittedInOrderAndCancelledOnesGiveUpTheirPlace() async throws {
    let clock = ManualClock()
    let limiter = RateLimiter(.requests(1, per: .seconds(1)), clock: PolicyClock(clock))
    try await limiter.admit(.queries, deadline: nil)
    let (admitted, continuation) = AsyncStream.makeStream(of: Int.self)
    var waiters: [Task<Void, any Error>] = []
    for index in 0..<300 {
      waiters.append(
        Task {
          try await limiter.admit(.queries, deadline: nil)
          continuation.yield(index)
        })
      try await waitUntil { limiter.queueLength > index }
    }
    let leaving = (0..<300).filter { $0 % 3 == 1 || $0 == 0 }
    for index in leaving { waiters[index].cancel() }
    for index in leaving { await #expect(throws: CallFailure.self) { try await waiters[index].value } }
    var order = admitted.makeAsyncIterator()
    for expected in (0..<300) where !leaving.contains(expected) {
      await clock.waitForSleepers(1)
      clock.advance(by: .seconds(1))
      #expect(await order.next() == expected)
    }
    #expect(clock.now.offset == .seconds(300 - leaving.count), "a cancelled waiter costs no turn")
  }

  @Test func aTurnAfterTheDeadlineIsRefusedAtOnce() async throws {
    let clock = ManualClock()
    let policyClock = PolicyClock(clock)
    let limiter = RateLimiter(.requests(1, per: .seconds(10), burst: 2), clock: policyClock)
    let start = policyClock.now()
    try await limiter.admit(.queries, deadline: start.advanced(by: .seconds(1)))
    try await limiter.admit(.queries, deadline: start.advanced(by: .seconds(1)))
    for limit in [1, 9, 10] {
      let failure = await #expect(throws: CallFailure.self) {
        try await limiter.admit(.queries, deadline: start.advanced(by: .seconds(limit)))
      }
      #expect(Self.kind(failure) == .timedOut)
    }
    #expect(clock.sleepers == 0)
    let third = Task { try await limiter.admit(.queries, deadline: start.advanced(by: .seconds(11))) }
    await clock.waitForSleepers(1)
    // The fourth would have its turn at 20 s, behind the third.
    await #expect(throws: CallFailure.self) {
      try await limiter.admit(.queries, deadline: start.advanced(by: .seconds(20)))
    }
    clock.advance(by: .seconds(10))
    try await third.value
  }

  @Test func aDeadlineThatPassesInTheQueueIsSeenThere() async throws {
    let clock = ManualClock()
    let policyClock = PolicyClock(clock)
    let limiter = RateLimiter(.requests(1, per: .seconds(1)), clock: policyClock)
    try await limiter.admit(.queries, deadline: nil)
    let first = Task { try await limiter.admit(.queries, deadline: nil) }
    await clock.waitForSleepers(1)
    let second = Task {
      try await limiter.admit(.queries, deadline: policyClock.now().advanced(by: .seconds(3)))
    }
    try await waitUntil { limiter.queueLength == 2 }
    clock.advance(by: .seconds(5))
    try await first.value
    let failure = await #expect(throws: CallFailure.self) { try await second.value }
    #expect(Self.kind(failure) == .timedOut)
  }

  @Test func aCrowdWithinTheBurstHasTime() async throws {
    let clock = ManualClock()
    let policyClock = PolicyClock(clock)
    let limiter = RateLimiter(.requests(1, per: .seconds(3600), burst: 20), clock: policyClock)
    let deadline = policyClock.now().advanced(by: .seconds(1))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 { group.addTask { try await limiter.admit(.queries, deadline: deadline) } }
      try await group.waitForAll()
    }
    await #expect(throws: CallFailure.self) { try await limiter.admit(.queries, deadline: deadline) }
  }

  @Test func whoHasNoTimeLeftLeavesTheQueue() async throws {
    let clock = ManualClock()
    let policyClock = PolicyClock(clock)
    let limiter = RateLimiter(.adaptive, clock: policyClock)
    let head = HTTPResponse(status: 429, headerFields: [.retryAfter: "100"])
    limiter.observe(StatusFailure(head: head, body: [], code: nil, isBilling: false), .queries)
    let first = Task { try await limiter.admit(.queries, deadline: nil) }
    await clock.waitForSleepers(1)
    // It came when nothing was known of the hold, as it were.
    let second = Task {
      try await limiter.admit(.queries, deadline: policyClock.now().advanced(by: .seconds(101)))
    }
    try await waitUntil { limiter.queueLength == 2 }
    await clock.waitForSleepers(2)
    limiter.observe(StatusFailure(head: head, body: [], code: nil, isBilling: false), .queries)
    clock.advance(by: .seconds(101))
    let failure = await #expect(throws: CallFailure.self) { try await second.value }
    #expect(Self.kind(failure) == .timedOut)
    clock.advance(by: .seconds(100))
    try await first.value
    #expect(limiter.queueLength == 0)
  }

  @Test func aTurnThatComesWithACancellationIsPassedOn() async throws {
    let gate = RateGate([], clock: .system)
    let deadline = ContinuousClock.now + .seconds(3600)
    for round in 0..<3000 {
      let (whileInside, leave) = AsyncStream.makeStream(of: Never.self)
      let first = Task {
        try await gate.pass(until: nil, keepsPlace: false) {
          for await _ in whileInside {}
          return true
        }
      }
      try await waitUntil { gate.queueLength == 1 }
      let second = Task { try await gate.pass(until: deadline, keepsPlace: false) { true } }
      try await waitUntil { gate.queueLength == 2 }
      leave.finish()
      try await waitUntil { gate.queueLength < 2 }
      second.cancel()
      _ = (await first.result, await second.result)
      try #require(gate.queueLength == 0, "round \(round): nobody is left, and the gate is taken")
    }
  }

  @Test func aCancelledTaskTakesNoTurn() async throws {
    let clock = ManualClock()
    let limiter = RateLimiter(.requests(1, per: .seconds(1)), clock: PolicyClock(clock))
    let cancelled = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await limiter.admit(.queries, deadline: nil)
    }
    let failure = await #expect(throws: CallFailure.self) { try await cancelled.value }
    #expect(Self.kind(failure) == .cancelled)
    try await limiter.admit(.queries, deadline: nil)
    #expect(clock.now.offset == .zero)
  }

  @Test func aClockThatWakesEarlyAdmitsNobodyEarly() async throws {
    let clock = LeapingClock(fraction: 0.5) { false }
    let limiter = RateLimiter(.requests(1, per: .seconds(1)), clock: PolicyClock(clock))
    for _ in 0..<3 { try await limiter.admit(.queries, deadline: nil) }
    #expect(clock.now.offset == .seconds(2))
  }

  @Test func clientsShareALimiter() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.requests(1, per: .seconds(1)), clock: PolicyClock(clock))
    let virtual = ManualClock()
    for _ in 0..<2 {
      let rig = Rig(
        clock: virtual, transport: ScriptedTransport(clock: virtual, []),
        perAttempt: [RateLimitMiddleware(limiter)], random: { 0 })
      _ = await rig.send()
      _ = await rig.send()
    }
    #expect(clock.now.offset == .seconds(3))
  }

  @Test func eachAttemptTakesATurn() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.requests(1, per: .seconds(1)), clock: PolicyClock(clock))
    let rig = Rig([.status(500), .status(500)], perAttempt: [RateLimitMiddleware(limiter)])
    #expect(await rig.call().status == 200)
    #expect(clock.now.offset == .seconds(2))
  }

  @Test func withoutALimitNobodyWaits() async throws {
    let clock = ManualClock()
    let limiter = RateLimiter(.unlimited, clock: PolicyClock(clock))
    limiter.observe(
      StatusFailure(head: HTTPResponse(status: 429), body: [], code: nil, isBilling: false), .queries)
    for _ in 0..<1000 { try await limiter.admit(.queries, deadline: nil) }
    #expect(clock.now.offset == .zero)
  }

  @Test(arguments: [
    RateLimit.requests(.max, per: .seconds(1), burst: .max), .requests(0, per: .zero, burst: 0),
    .requests(.min, per: .seconds(Int64.max), burst: .max), .requests(-1, per: .seconds(-1), burst: -1),
  ])
  func senselessFiguresDoNotTrap(limit: RateLimit) async throws {
    let limiter = RateLimiter(limit, clock: PolicyClock(LeapingClock { false }))
    for _ in 0..<3 { try await limiter.admit(.queries, deadline: nil) }
  }

  private static func kind(_ failure: CallFailure?) -> TransportFailure.Kind? {
    if case .transport(let failure)? = failure?.reason { failure.kind } else { nil }
  }
}
