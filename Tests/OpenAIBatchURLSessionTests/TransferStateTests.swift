// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchURLSession

struct TransferStateTests {
  private static let start = ContinuousClock.now

  private static func state(
    body: Int64 = 0,
    timeouts: Timeouts = Timeouts(connect: .seconds(10), idle: .seconds(20), total: .seconds(60)),
    memory: Int = 1000, files: Int64 = 0, canSuspend: Bool = false, started: Bool = true
  ) -> TransferState {
    var state = TransferState(
      .init(
        host: "host", timeouts: timeouts, bodyLength: body,
        spool: .init(memory: memory, files: files, directory: "/tmp"), canSuspend: canSuspend, start: start))
    if started { #expect(state.start(at: start) == true) }
    return state
  }

  private static func head(_ status: Int = 200, length: String? = nil) throws -> Result<
    ResponseHead, TransportFailure
  > {
    .success(
      try ResponseHead(status: status, fields: length.map { [("Content-Length", $0)] } ?? [], method: .get))
  }

  private func kind(_ result: Result<ArraySlice<UInt8>?, TransportFailure>?) -> TransportFailure.Kind? {
    if case .failure(let failure)? = result { failure.kind } else { nil }
  }

  private func kind(_ result: Result<HTTPResponse, TransportFailure>?) -> TransportFailure.Kind? {
    if case .failure(let failure)? = result { failure.kind } else { nil }
  }

  private func after(_ seconds: Int) -> ContinuousClock.Instant { Self.start + .seconds(seconds) }

  @Test func aWholeExchange() throws {
    var state = Self.state()
    #expect(state.takeHead() == nil)
    #expect(state.didReceive(head: try Self.head(length: "3"), at: Self.start) == [.wakeHead])
    #expect(try state.takeHead()?.get().status == .ok)
    #expect(state.takeChunk(at: Self.start).result == nil)
    #expect(state.didReceive([1, 2, 3], at: Self.start) == [.wakeReader])
    #expect(try state.takeChunk(at: Self.start).result?.get() == [1, 2, 3])
    #expect(state.didComplete(nil) == [.wakeHead, .wakeReader])
    #expect(state.nextDeadline == nil)
    let end = state.takeChunk(at: Self.start).result
    #expect(try end?.get() == nil && end != nil)
  }

  @Test(arguments: [(2, TransportFailure.Kind.truncated), (3, nil), (4, .truncated)])
  func theLengthMustFit(sent: Int, kind: TransportFailure.Kind?) throws {
    var state = Self.state()
    _ = state.didReceive(head: try Self.head(length: "3"), at: Self.start)
    _ = state.didReceive([UInt8](repeating: 0, count: sent), at: Self.start)
    _ = state.didComplete(nil)
    #expect(try state.takeChunk(at: Self.start).result?.get()?.count == sent)
    #expect(self.kind(state.takeChunk(at: Self.start).result) == kind)
  }

  @Test func bytesThatHaveNoPlaceAreDropped() throws {
    var state = Self.state()
    _ = state.didReceive(head: try Self.head(204), at: Self.start)
    #expect(state.didReceive([1], at: Self.start) == [])
    _ = state.didComplete(nil)
    #expect(try state.takeChunk(at: Self.start).result?.get() == nil)
  }

  @Test func onlyTheFirstHeadCounts() throws {
    var state = Self.state()
    _ = state.didReceive(head: try Self.head(200), at: Self.start)
    #expect(state.didReceive(head: try Self.head(500), at: Self.start) == [])
    #expect(try state.takeHead()?.get().status == .ok)
  }

  @Test func anEndWithoutAHeadIsAmbiguous() {
    var state = Self.state()
    _ = state.didComplete(nil)
    #expect(kind(state.takeHead()) == .interrupted)
  }

  @Test func aFullSpoolEndsTheTransfer() throws {
    var state = Self.state(memory: 2)
    _ = state.didReceive(head: try Self.head(), at: Self.start)
    #expect(state.didReceive([1, 2, 3], at: Self.start) == [.wakeHead, .wakeReader, .cancelTask])
    #expect(kind(state.takeChunk(at: Self.start).result) == .tooLarge)
  }

  @Test func aLaggingReaderPausesTheTaskWhereThatIsPossible() throws {
    var state = Self.state(memory: 4 << 20, files: 0, canSuspend: true)
    _ = state.didReceive(head: try Self.head(), at: Self.start)
    let piece = [UInt8](repeating: 0, count: 1 << 20)
    for _ in 0..<3 { #expect(state.didReceive(piece, at: Self.start) == [.wakeReader]) }
    #expect(state.didReceive(piece, at: Self.start) == [.wakeReader, .suspendTask])
    // A paused task is not silent.
    #expect(state.deadlineReached(at: after(30)) == [])
    #expect(state.nextDeadline == after(60))
    #expect(state.takeChunk(at: after(30)).actions == [])
    #expect(state.takeChunk(at: after(30)).actions == [.resumeTask])
    #expect(state.nextDeadline == after(50))
  }

  @Test func cancelEndsAtOnceAndDropsWhatWasReceived() throws {
    var state = Self.state()
    _ = state.didReceive(head: try Self.head(), at: Self.start)
    _ = state.didReceive([1], at: Self.start)
    #expect(state.cancel() == [.wakeHead, .wakeReader, .cancelTask])
    #expect(state.cancel() == [])
    #expect(kind(state.takeChunk(at: Self.start).result) == .cancelled)
    #expect(state.didComplete(SessionFailure(code: -999, text: "cancelled")) == [])
    #expect(kind(state.takeChunk(at: Self.start).result) == .cancelled)
  }

  @Test func inTheLineNothingWasSent() {
    var state = Self.state(started: false)
    _ = state.shutDown()
    #expect(state.start(at: Self.start) == false)
    guard case .failure(let failure)? = state.takeHead() else { return #expect(Bool(false)) }
    #expect(failure.kind == .shutDown)
    #expect(!failure.mayHaveReachedServer)
  }

  @Test func abandoningACompleteTransferAsksForNothing() throws {
    var state = Self.state()
    _ = state.didReceive(head: try Self.head(), at: Self.start)
    _ = state.didReceive([1], at: Self.start)
    _ = state.didComplete(nil)
    #expect(state.abandon() == [])
  }

  @Test func aBodyStartedOverIsABrokenConnection() {
    var state = Self.state(body: 10)
    state.didSend(total: 10, at: Self.start)
    #expect(state.didLoseConnection() == [.wakeHead, .wakeReader, .cancelTask])
    #expect(kind(state.takeHead()) == .interrupted)
  }

  @Test func deadlinesInTheLine() {
    var state = Self.state(started: false)
    #expect(state.nextDeadline == after(60))
    #expect(state.deadlineReached(at: after(59)) == [])
    #expect(state.deadlineReached(at: after(60)) == [.wakeHead, .wakeReader, .cancelTask])
    #expect(kind(state.takeHead()) == .notSent)
  }

  @Test func activityPutsIdleOffAndNotTotal() {
    var state = Self.state()
    #expect(state.nextDeadline == after(20))
    state.didSend(total: 1, at: after(15))
    #expect(state.deadlineReached(at: after(20)) == [])
    #expect(state.nextDeadline == after(35))
    state.didSend(total: 2, at: after(34))
    state.didSend(total: 3, at: after(50))
    #expect(state.nextDeadline == after(60))
    #expect(state.deadlineReached(at: after(60)) == [.wakeHead, .wakeReader, .cancelTask])
    #expect(kind(state.takeHead()) == .timedOut)
  }

  @Test func connectIsNotSentOnceTheTaskHasEndedWithoutSending() {
    var state = Self.state(body: 10)
    #expect(state.nextDeadline == after(10))
    #expect(state.deadlineReached(at: after(10)) == [.cancelTask])
    #expect(state.takeHead() == nil)
    #expect(state.didComplete(SessionFailure(code: -999, text: "cancelled")) == [.wakeHead, .wakeReader])
    #expect(kind(state.takeHead()) == .notSent)
  }

  @Test func connectIsAmbiguousWhenTheBodyLeftAfterAll() {
    var state = Self.state(body: 10)
    _ = state.deadlineReached(at: after(10))
    state.didSend(total: 10, at: after(10))
    _ = state.didComplete(SessionFailure(code: -999, text: "cancelled"))
    #expect(kind(state.takeHead()) == .timedOut)
  }

  @Test func connectIsAmbiguousWhenTheTaskDoesNotEnd() {
    var state = Self.state(body: 10)
    _ = state.deadlineReached(at: after(10))
    #expect(state.nextDeadline == after(10) + TransferState.grace)
    #expect(state.deadlineReached(at: after(12)) == [.wakeHead, .wakeReader])
    #expect(kind(state.takeHead()) == .timedOut)
  }

  @Test func connectIsOverWithTheFirstByte() {
    var state = Self.state(body: 10)
    state.didSend(total: 1, at: after(1))
    #expect(state.deadlineReached(at: after(12)) == [])
    #expect(state.nextDeadline == after(21))
  }
}
