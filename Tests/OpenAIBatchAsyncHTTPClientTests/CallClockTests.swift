// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import NIOCore
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchAsyncHTTPClient

/// When a call has taken too long, with times that are made up.
struct CallClockTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  private let timeouts = Timeouts(connect: .seconds(10), idle: .seconds(120), total: .seconds(300))

  private func second(_ count: Int64) -> NIODeadline { start + .seconds(count) }

  private func kind(
    _ clock: CallClock, at second: Int64, isReaderResting: Bool = false, isAnswered: Bool = false
  )
    -> TransportFailure.Kind?
  {
    clock.failure(
      at: self.second(second), isReaderResting: isReaderResting, isAnswered: isAnswered, authority: "h:1")?
      .kind
  }

  @Test func waitingHasOnlyTheTotal() {
    let clock = CallClock(timeouts, start: start)
    #expect(clock.nextDeadline(isReaderResting: false, isAnswered: false) == second(300))
    #expect(kind(clock, at: 299) == nil)
    #expect(kind(clock, at: 300) == .notSent)
    #expect(!clock.hasSent)
    let endless = CallClock(.transfer, start: start)
    #expect(endless.nextDeadline(isReaderResting: false, isAnswered: false) == nil)
  }

  @Test func connectingIsNotSent() {
    var clock = CallClock(timeouts, start: start)
    clock.beginConnecting(at: second(50))
    #expect(clock.nextDeadline(isReaderResting: false, isAnswered: false) == second(60))
    #expect(kind(clock, at: 59) == nil)
    #expect(kind(clock, at: 60) == .notSent)
  }

  @Test func silenceIsTimedOut() {
    var clock = CallClock(timeouts, start: start)
    clock.beginConnecting(at: start)
    clock.noteHeadSent(at: second(1))
    #expect(clock.hasSent)
    #expect(kind(clock, at: 120) == nil)
    #expect(kind(clock, at: 121) == .timedOut)
    clock.noteActivity(at: second(100))
    #expect(kind(clock, at: 219) == nil)
    #expect(kind(clock, at: 220) == .timedOut)
    clock.noteActivity(at: second(299))
    #expect(kind(clock, at: 300) == .timedOut)
  }

  @Test func ourOwnRestIsNoSilence() {
    var clock = CallClock(Timeouts(idle: .seconds(120), total: nil), start: start)
    clock.noteHeadSent(at: start)
    #expect(kind(clock, at: 500, isReaderResting: true) == nil)
    clock.setSourceResting(true, at: start)
    #expect(kind(clock, at: 500) == nil)
    #expect(clock.nextDeadline(isReaderResting: false, isAnswered: false) == nil)
    #expect(kind(clock, at: 500, isAnswered: true) == .timedOut)
    clock.setSourceResting(false, at: second(500))
    #expect(kind(clock, at: 619) == nil)
    #expect(kind(clock, at: 620) == .timedOut)
  }

  @Test(arguments: [Duration.seconds(Int64.max), .seconds(Int64.min)])
  func extremesDoNotTrap(duration: Duration) {
    var clock = CallClock(Timeouts(connect: duration, idle: duration, total: duration), start: .now())
    clock.beginConnecting(at: .now())
    #expect(clock.nextDeadline(isReaderResting: false, isAnswered: false) != nil)
    clock.noteHeadSent(at: .now())
    #expect(clock.nextDeadline(isReaderResting: false, isAnswered: false) != nil)
  }
}
#endif
