// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchMiddleware

/// What a limiter learns from answers.
@Suite(.timeLimit(.minutes(2)))
struct RateLimitLearningTests {
  @Test(arguments: [
    ("12ms", Duration?.some(.milliseconds(12))), ("1s", .seconds(1)), ("6m0s", .seconds(360)),
    ("1h2m3.5s", .milliseconds(3_723_500)), ("1.5h", .seconds(5400)), ("250us", .microseconds(250)),
    ("250µs", .microseconds(250)), ("250μs", .microseconds(250)), ("100ns", .nanoseconds(100)),
    (" 20 ", .seconds(20)),
    ("20", .seconds(20)), ("0.5", .milliseconds(500)), ("99999999999999999999999s", .seconds(365 * 86_400)),
    ("99999999999999999999999", .seconds(365 * 86_400)),
    ("", nil), (" ", nil), ("-1", nil), ("-1s", nil), ("s", nil), ("1", .seconds(1)), ("1x", nil),
    ("1s2", nil),
    ("1 s", nil), ("inf", nil), ("nan", nil), ("0x10", nil), ("1..5s", nil), (".", nil), ("1m-2s", nil),
    ("١s", nil),
    ("2026-11-22T00:00:00Z", nil), ("1é", nil),
  ])
  func durations(text: String, duration: Duration?) {
    #expect(RateLimitReport.duration(text) == duration)
  }

  @Test(arguments: [
    (String?.some("0"), String?.some("20s"), RateLimit?.some(.adaptive), true),
    ("0", "20s", .requests(1000, per: .seconds(1)), true),
    ("1", "20s", .adaptive, false), ("0", "25h", .adaptive, false), ("0", "1800000000", .adaptive, false),
    ("-1", "20s", .adaptive, false), ("0", "0", .adaptive, false),
    ("0", "-1", .adaptive, false), ("zero", "20s", .adaptive, false), ("0", "soon", .adaptive, false),
    ("0", String?.none, .adaptive, false), (String?.none, "20s", .adaptive, false),
    ("0", "20s", .unlimited, false),
  ])
  func noRoomHoldsRequestsUntilTheReset(
    remaining: String?, reset: String?, limit: RateLimit?, isHeld: Bool
  ) async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(try #require(limit), clock: PolicyClock(clock))
    limiter.observe(Self.fields(remaining, reset), .queries)
    try await limiter.admit(.queries, deadline: nil)
    #expect(clock.now.offset == (isHeld ? .seconds(20) : .zero))
  }

  @Test func whatAServerSaysIsNotBelievedForEver() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.adaptive, clock: PolicyClock(clock))
    limiter.observe(Self.fields("0", "23h"), .queries)
    limiter.observe(Self.refusal([.retryAfter: "99999"]), .queries)
    try await limiter.admit(.queries, deadline: nil)
    #expect(clock.now.offset == .seconds(120))
  }

  @Test func anAnswerThatOvertookAnotherDoesNotEndTheWait() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.adaptive, clock: PolicyClock(clock))
    limiter.observe(Self.fields("0", "30s"), .queries)
    limiter.observe(Self.fields("4", "29s"), .queries)
    limiter.observe(Self.fields("0", "10s"), .queries)
    try await limiter.admit(.queries, deadline: nil)
    #expect(clock.now.offset == .seconds(30))
  }

  @Test func noMoreGoThanThereIsRoomFor() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.adaptive, clock: PolicyClock(clock))
    limiter.observe(Self.fields("5", "30s"), .queries)
    limiter.observe(Self.fields("3", "29s"), .queries)
    limiter.observe(Self.fields("4", "28s"), .queries)
    var instants: [Duration] = []
    for _ in 0..<5 {
      try await limiter.admit(.queries, deadline: nil)
      instants.append(clock.now.offset)
    }
    #expect(instants == [.zero, .zero, .zero, .seconds(30), .seconds(30)])
  }

  @Test func aHoldThatComesInTheCommonQueueIsKept() async throws {
    let clock = ManualClock()
    let limiter = RateLimiter(.requests(1, per: .seconds(10)), clock: PolicyClock(clock))
    try await limiter.admit(.queries, deadline: nil)
    let create = Task { try await limiter.admit(.creates, deadline: nil) }
    await clock.waitForSleepers(1)
    limiter.observe(Self.refusal([.retryAfter: "60"]), .creates)
    clock.advance(by: .seconds(10))
    await clock.waitForSleepers(1)
    // Its turn among all came, and went to nobody: another family takes it.
    try await limiter.admit(.queries, deadline: nil)
    #expect(limiter.queueLength == 1)
    clock.advance(by: .seconds(50))
    try await create.value
    #expect(clock.now.offset == .seconds(60))
  }

  @Test func oneFamilysWaitIsNotTheOthers() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.adaptive, clock: PolicyClock(clock))
    limiter.observe(Self.fields("0", "30s"), .creates)
    try await limiter.admit(.queries, deadline: nil)
    #expect(clock.now.offset == .zero)
    try await limiter.admit(.creates, deadline: nil)
    #expect(clock.now.offset == .seconds(30))
  }

  @Test func aWaitBeyondTheDeadlineFailsAtOnce() async {
    let clock = ManualClock()
    let policyClock = PolicyClock(clock)
    let limiter = RateLimiter(.adaptive, clock: policyClock)
    limiter.observe(Self.fields("0", "30s"), .queries)
    let failure = await #expect(throws: CallFailure.self) {
      try await limiter.admit(.queries, deadline: policyClock.now().advanced(by: .seconds(30)))
    }
    guard case .transport(let cause)? = failure?.reason else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(cause.kind == .timedOut)
    #expect(!cause.mayHaveReachedServer)
  }

  // MARK: 429

  @Test func a429SpreadsRequestsAndSuccessBringsTheRateBack() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.adaptive, clock: PolicyClock(clock))
    try await limiter.admit(.queries, deadline: nil)
    var spacings: [Duration] = []
    for _ in 0..<8 {
      clock.advance(.seconds(20))
      limiter.observe(Self.refusal(), .queries)
      try await limiter.admit(.queries, deadline: nil)
      let start = clock.now.offset
      try await limiter.admit(.queries, deadline: nil)
      spacings.append(clock.now.offset - start)
    }
    #expect(spacings == [0.25, 0.5, 1, 2, 4, 8, 10, 10].map { .seconds($0) })
    var last = Duration.seconds(10)
    for count in 1...60 {
      limiter.observe([:], .queries)
      let start = clock.now.offset
      try await limiter.admit(.queries, deadline: nil)
      let spacing = clock.now.offset - start
      #expect(count < 60 ? spacing < last || last == .zero : spacing == .zero)
      last = spacing
    }
  }

  @Test func refusalsThatWereUnderWayTogetherCountOnce() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.adaptive, clock: PolicyClock(clock))
    for _ in 0..<100 { limiter.observe(Self.refusal(), .queries) }
    try await limiter.admit(.queries, deadline: nil)
    try await limiter.admit(.queries, deadline: nil)
    #expect(clock.now.offset == .milliseconds(250))
  }

  @Test(arguments: [
    (429, false, Duration.seconds(7)), (429, true, .zero), (503, false, .zero), (500, false, .zero),
  ])
  func aHintHoldsOnlyAfterA429ThatTimeHeals(status: Int, isBilling: Bool, wait: Duration) async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.adaptive, clock: PolicyClock(clock))
    let head = HTTPResponse(status: .init(code: status), headerFields: [.retryAfter: "7"])
    limiter.observe(StatusFailure(head: head, body: [], code: nil, isBilling: isBilling), .queries)
    try await limiter.admit(.queries, deadline: nil)
    #expect(clock.now.offset == wait)
  }

  /// A server that takes ten requests a second, ten at once, and refuses the rest without a word.
  @Test func theRateThatIsServedIsFound() async throws {
    let clock = LeapingClock { false }
    let limiter = RateLimiter(.adaptive, clock: PolicyClock(clock))
    var room = 10.0
    var last = Duration.zero
    var served = 0
    var refused = 0
    while served < 1000 {
      try await limiter.admit(.queries, deadline: nil)
      clock.advance(.milliseconds(1))
      room = min(10, room + 10 * ((clock.now.offset - last) / .seconds(1)))
      last = clock.now.offset
      if room >= 1 {
        room -= 1
        served += 1
        limiter.observe([:], .queries)
      } else {
        refused += 1
        limiter.observe(Self.refusal(), .queries)
      }
    }
    #expect(refused < served / 4, "\(refused) refused")
    #expect(clock.now.offset < .seconds(200), "twice the time that the server needs at its best")
  }

  private static func fields(_ remaining: String?, _ reset: String?) -> HTTPFields {
    var fields: HTTPFields = [:]
    fields[.rateLimitRemaining] = remaining
    fields[.rateLimitReset] = reset
    return fields
  }

  private static func refusal(_ fields: HTTPFields = [:]) -> StatusFailure {
    StatusFailure(
      head: HTTPResponse(status: 429, headerFields: fields), body: [], code: "rate_limit_exceeded",
      isBilling: false)
  }
}
