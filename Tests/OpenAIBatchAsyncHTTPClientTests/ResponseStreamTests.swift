// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import NIOCore
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchAsyncHTTPClient

/// The response's state machine, without connections, tasks or locks.
struct ResponseStreamTests {
  private typealias Stream = ResponseStream<String, String, Int>
  private let head = HTTPResponse(status: .ok)
  private let broken = TransportFailure(.truncated, "cut")

  private func bytes(_ count: Int) -> ByteBufferView {
    ByteBuffer(repeating: 1, count: count).readableBytesView
  }

  @Test func theHeadGoesToWhoWaitsForIt() throws {
    var stream = Stream()
    #expect(stream.waitForHead("caller").head == nil)
    let delivery = stream.receiveHead(head)
    #expect(delivery.head?.waiter == "caller")
    #expect(try delivery.head?.result.get() == head)
    #expect(stream.hasHead)
  }

  @Test func aFailureTakesThePlaceOfTheHead() {
    var stream = Stream()
    _ = stream.waitForHead("caller")
    let delivery = stream.finish(.failed(broken))
    #expect(delivery?.head?.waiter == "caller")
    #expect(throws: TransportFailure.self) { try delivery?.head?.result.get() }
    #expect(stream.finish(.complete) == nil)
    #expect(stream.receiveHead(head).head == nil)
  }

  @Test func bytesComeBeforeTheEnd() throws {
    for end in [Stream.End.complete, .failed(broken)] {
      var stream = Stream()
      _ = stream.receive(bytes(3)) { 0 }
      _ = stream.receive(bytes(4)) { 0 }
      _ = stream.finish(end)
      #expect(try stream.next()?.result.get()?.count == 7)
      let last = try #require(stream.next()?.result)
      switch end {
      case .complete: #expect(try last.get() == nil)
      case .failed: #expect(throws: TransportFailure.self) { try last.get() }
      }
    }
  }

  @Test func aCancelledCallGivesNoMoreBytes() {
    var stream = Stream()
    _ = stream.receive(bytes(3)) { 0 }
    _ = stream.finish(.failed(.cancelled(mayHaveReachedServer: true)))
    #expect(throws: TransportFailure.self) { try stream.next()?.result.get() }
  }

  @Test func thePermitIsHeldFromTheMarkOnUntilBytesAreTaken() {
    var stream = Stream()
    #expect(stream.receive(bytes(Stream.highMark - 1)) { 1 }.permit == nil)
    #expect(!stream.isPaused)
    _ = stream.receive(bytes(1)) { 2 }
    #expect(stream.isPaused)
    let taken = stream.next()
    #expect(taken?.permit == 2)
    #expect(!stream.isPaused)
    #expect(stream.next() == nil)
  }

  @Test func aWaitingReaderNeedsNoPermit() {
    var stream = Stream()
    _ = stream.waitForBody("reader")
    let delivery = stream.receive(bytes(Stream.highMark)) { 1 }
    #expect(delivery.body?.waiter == "reader")
    #expect(!stream.isPaused)
  }

  @Test func theEndGivesThePermitBack() {
    var stream = Stream()
    _ = stream.receive(bytes(Stream.highMark)) { 1 }
    #expect(stream.finish(.failed(broken))?.permit == 1)
    #expect(!stream.isPaused)
  }

  @Test func aSecondReaderFailsAndTheFirstGoesOn() {
    var stream = Stream()
    #expect(stream.waitForBody("first").body == nil)
    #expect(throws: TransportFailure.self) { try stream.next()?.result.get() }
    let refused = stream.waitForBody("second")
    #expect(refused.body?.waiter == "second")
    #expect(stream.receive(bytes(1)) { 1 }.body?.waiter == "first")
  }
}
#endif
