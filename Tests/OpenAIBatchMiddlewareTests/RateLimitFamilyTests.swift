// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchMiddleware

/// Several rates at once, and queues that do not hold each other up.
@Suite(.timeLimit(.minutes(2)))
struct RateLimitFamilyTests {
  @Test(arguments: [
    (Effect.creates, Int?.some(1), OperationFamily.creates), (.duplicable, 1, .uploads),
    (.safe, nil, .downloads),
    (.safe, 1, .queries), (.idempotent, 1, .queries),
  ])
  func eachOperationHasAFamily(effect: Effect, collectLimit: Int?, family: OperationFamily) {
    let context = CallContext(
      operation: "test", effect: effect, deadline: nil, retry: nil, collectLimit: collectLimit)
    #expect(context.family == family)
  }

  @Test(arguments: [
    (OperationFamily.creates, Duration.seconds(3600), 2000), (.uploads, .seconds(60), 1000),
  ])
  func theDocumentedLimitsHoldInAnyWindow(family: OperationFamily, window: Duration, most: Int) async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.documented, clock: PolicyClock(clock))
    var admitted: [Duration] = []
    for _ in 0..<3 * most {
      try await limiter.admit(family, deadline: nil)
      admitted.append(clock.now.offset)
    }
    let crowded = admitted.indices.dropFirst(most).filter { admitted[$0] - admitted[$0 - most] < window }
    #expect(crowded.isEmpty)
    #expect(clock.now.offset < window * 3.3, "and no more is left unused than the burst costs")
  }

  @Test func queriesAreNotLimitedByTheDocumentedLimits() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.documented, clock: PolicyClock(clock))
    for _ in 0..<5000 { try await limiter.admit(.queries, deadline: nil) }
    #expect(clock.now.offset == .zero)
  }

  @Test func aMinutesAndAnHoursLimitHoldTogether() async throws {
    let clock = LeapingClock { false }
    let limit = RateLimit.requests(60, per: .seconds(60), burst: 10).and(
      .requests(100, per: .seconds(3600), burst: 50))
    let limiter = RateLimiter(limit, clock: PolicyClock(clock))
    var admitted: [Duration] = []
    for _ in 0..<60 {
      try await limiter.admit(.queries, deadline: nil)
      admitted.append(clock.now.offset)
    }
    #expect(admitted[9] == .zero)
    #expect(admitted[10] == .seconds(1), "the first limit's rate")
    #expect(admitted[49] == .seconds(40))
    // The second one's bucket is empty 50 · 36 s after the start, and full again by one each 36 s.
    #expect(admitted[59] - admitted[58] == .seconds(36))
  }

  @Test func aWaitForTheNextCreateHoldsUpNoQuery() async throws {
    let clock = ManualClock()
    let limit = RateLimit.requests(1000, per: .seconds(1)).and(
      .requests(1, per: .seconds(3600)), for: .creates)
    let limiter = RateLimiter(limit, clock: PolicyClock(clock))
    try await limiter.admit(.creates, deadline: nil)
    let second = Task { try await limiter.admit(.creates, deadline: nil) }
    await clock.waitForSleepers(1)
    clock.advance(by: .milliseconds(1))
    try await limiter.admit(.queries, deadline: nil)
    #expect(limiter.queueLength == 1)
    clock.advance(by: .seconds(3600))
    try await second.value
  }

  @Test func theCommonRateHoldsForAllFamiliesTogether() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.requests(1, per: .seconds(1)), clock: PolicyClock(clock))
    for family in OperationFamily.allCases { try await limiter.admit(family, deadline: nil) }
    #expect(clock.now.offset == .seconds(3))
  }

  @Test func aTurnThatIsGivenUpInTheCommonQueueCostsNoneInTheFamilys() async throws {
    let clock = ManualClock()
    let limit = RateLimit.requests(1, per: .seconds(10)).and(.requests(1, per: .seconds(3600)), for: .creates)
    let limiter = RateLimiter(limit, clock: PolicyClock(clock))
    try await limiter.admit(.queries, deadline: nil)
    let cancelled = Task { try await limiter.admit(.creates, deadline: nil) }
    await clock.waitForSleepers(1)
    cancelled.cancel()
    await #expect(throws: CallFailure.self) { try await cancelled.value }
    clock.advance(by: .seconds(10))
    try await limiter.admit(.creates, deadline: nil)
    #expect(clock.now.offset == .seconds(10))
  }

  @Test func limitsCompose() {
    let one = RateLimit.requests(1, per: .seconds(1))
    #expect(RateLimit.unlimited.and(.unlimited) == .unlimited)
    #expect(RateLimit.unlimited.and(one) == one)
    #expect(one.and(one, for: .creates).and(.adaptive) == one.and(one, for: .creates))
    #expect(one.and(one, for: .creates) != one.and(one, for: .uploads))
    #expect(RateLimit.adaptive != .unlimited)
  }
}
