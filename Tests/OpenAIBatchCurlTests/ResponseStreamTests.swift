// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchCurl

struct ResponseStreamTests {
  private typealias Stream = ResponseStream<Int, Int>
  private let head = ResponseHead()

  private func bytes(_ pull: Stream.Pull) -> ArraySlice<UInt8>?? {
    if case .result(.success(let bytes), _) = pull { bytes } else { nil }
  }

  private func receive(_ bytes: [UInt8], by stream: inout Stream, expectedLength: Int?) -> Bool {
    stream.receive(bytes.span, expectedLength: expectedLength)
  }

  private func failure(_ pull: Stream.Pull) -> TransportFailure.Kind? {
    if case .result(.failure(let failure), _) = pull { failure.kind } else { nil }
  }

  private func isWait(_ pull: Stream.Pull) -> Bool {
    if case .wait = pull { true } else { false }
  }

  @Test func headAndBodyOfOneTurnNeedOneWait() {
    var stream = Stream()
    #expect(stream.waitForHead(1).head == nil)
    stream.receiveHead(head)
    #expect(receive([1, 2], by: &stream, expectedLength: 2))
    stream.finish(.complete)
    let delivery = stream.deliver()
    #expect(delivery.head?.waiter == 1)
    #expect((try? delivery.head?.result.get()) == head)
    #expect(stream.deliver().head == nil)
    #expect(bytes(stream.next()) == [1, 2])
    #expect(bytes(stream.next()) == .some(nil))
    #expect(bytes(stream.next()) == .some(nil))
  }

  @Test func saysWhetherSomebodyWouldHaveToWait() {
    var stream = Stream()
    #expect(!stream.hasHead)
    stream.receiveHead(head)
    #expect(stream.hasHead)

    var failed = Stream()
    failed.finish(.failed(TransportFailure(.interrupted, "")))
    #expect(failed.hasHead)
  }

  @Test func aFailureBeforeTheHeadGoesToTheHead() {
    var stream = Stream()
    _ = stream.waitForHead(1)
    stream.finish(.failed(TransportFailure(.interrupted, "")))
    guard case .failure(let failure) = stream.deliver().head?.result else { return #expect(Bool(false)) }
    #expect(failure.kind == .interrupted)
  }

  @Test func aFailureThatCameFirstReachesALateWaiter() {
    var stream = Stream()
    stream.finish(.failed(TransportFailure(.cancelled, "")))
    guard case .failure(let failure) = stream.waitForHead(1).head?.result else { return #expect(Bool(false)) }
    #expect(failure.kind == .cancelled)
  }

  @Test func bytesComeBeforeTheFailure() {
    var stream = Stream()
    stream.receiveHead(head)
    _ = receive([1], by: &stream, expectedLength: nil)
    stream.finish(.failed(TransportFailure(.truncated, "")))
    #expect(bytes(stream.next()) == [1])
    #expect(failure(stream.next()) == .truncated)
    #expect(failure(stream.next()) == .truncated)
  }

  @Test func cancellationDropsWhatIsUnread() {
    var stream = Stream()
    stream.receiveHead(head)
    _ = receive([1], by: &stream, expectedLength: nil)
    stream.finish(.failed(TransportFailure(.cancelled, "")))
    #expect(failure(stream.next()) == .cancelled)
  }

  @Test func onlyTheFirstEndCounts() {
    var stream = Stream()
    stream.finish(.complete)
    stream.finish(.failed(TransportFailure(.cancelled, "")))
    #expect(bytes(stream.next()) == .some(nil))
    #expect(stream.hasEnded)
  }

  @Test func aWaiterGetsTheBytesOfATurnTogether() {
    var stream = Stream()
    #expect(isWait(stream.next()))
    #expect(stream.waitForBody(7).body == nil)
    _ = receive([1], by: &stream, expectedLength: nil)
    _ = receive([2], by: &stream, expectedLength: nil)
    let delivery = stream.deliver()
    #expect(delivery.body?.waiter == 7)
    #expect((try? delivery.body?.result.get()) == [1, 2])
    #expect(stream.deliver().body == nil)
    #expect(isWait(stream.next()))
  }

  @Test func aSecondReaderFailsAndTheFirstStays() {
    var stream = Stream()
    _ = stream.waitForBody(1)
    #expect(failure(stream.next()) == .invalid)
    let second = stream.waitForBody(2)
    #expect(second.body?.waiter == 2)
    stream.finish(.complete)
    #expect(stream.deliver().body?.waiter == 1)
  }

  @Test func theHighMarkPausesAndReadingResumes() {
    var stream = Stream()
    let piece = [UInt8](repeating: 0, count: 16 << 10)
    var taken = 0
    while receive(piece, by: &stream, expectedLength: 1 << 30) { taken += piece.count }
    #expect(taken == Stream.highMark)
    guard case .result(.success(let bytes), let resumes) = stream.next() else { return #expect(Bool(false)) }
    #expect(bytes?.count == taken)
    #expect(resumes)
    #expect(receive(piece, by: &stream, expectedLength: nil))
    guard case .result(_, let resumesAgain) = stream.next() else { return #expect(Bool(false)) }
    #expect(!resumesAgain)
  }

  @Test func nothingResumesAfterTheEnd() {
    var stream = Stream()
    let piece = [UInt8](repeating: 0, count: 16 << 10)
    while receive(piece, by: &stream, expectedLength: nil) {}
    stream.finish(.failed(TransportFailure(.truncated, "")))
    guard case .result(_, let resumes) = stream.next() else { return #expect(Bool(false)) }
    #expect(!resumes)
  }

  /// What the reader got, where it stood.
  private func place(_ bytes: ArraySlice<UInt8>?) -> UnsafePointer<UInt8>? {
    bytes?.withUnsafeBufferPointer { $0.baseAddress }
  }

  @Test func aLongBufferIsFilledAgainWhenTheReaderHasLetGoOfIt() {
    var stream = Stream()
    let piece = [UInt8](repeating: 1, count: 100 << 10)
    var places: [UnsafePointer<UInt8>?] = []
    for _ in 0..<8 {
      for _ in 0..<3 { _ = receive(piece, by: &stream, expectedLength: 1 << 30) }
      let bytes = bytes(stream.next()) ?? nil
      #expect(bytes?.count == 300 << 10)
      places.append(place(bytes))
    }
    #expect(Array(places[3...]) == Array(places[..<5]))
    #expect(Set(places).count < places.count)
  }

  /// Who keeps all pieces that a slow connection brings should not keep much more than they are.
  @Test func shortPiecesDoNotTakeLongBuffers() {
    var stream = Stream()
    let piece = [UInt8](repeating: 1, count: 16 << 10)
    for _ in 0..<20 { _ = receive(piece, by: &stream, expectedLength: 1 << 30) }
    _ = stream.next()
    for index in 0..<8 {
      _ = receive(piece, by: &stream, expectedLength: 1 << 30)
      guard case .result(.success(let bytes), _) = stream.next() else { return #expect(Bool(false)) }
      if index > 0 { #expect(Array(bytes ?? []).capacity < 128 << 10) }
    }
  }

  @Test func aBufferThatTheReaderHoldsStaysAsItIs() {
    var stream = Stream()
    var held: [ArraySlice<UInt8>] = []
    for number in 0..<8 as Range<UInt8> {
      _ = receive([UInt8](repeating: number, count: 100 << 10), by: &stream, expectedLength: 1 << 30)
      if let bytes = bytes(stream.next()), let bytes { held.append(bytes) }
    }
    #expect(held.map { Set($0) } == (0..<8).map { [$0] })
  }
}
