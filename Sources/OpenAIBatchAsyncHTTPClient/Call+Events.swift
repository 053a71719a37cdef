// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import OpenAIBatchTransport
internal import Synchronization

/// What AsyncHTTPClient tells of a call, on the event loop.
extension Call {
  func didSendHead() {
    guard !hasEnded else { return }
    state.withLock { $0.clock.noteHeadSent(at: .now()) }
    let watch = engine.takeLastWriter()
    watch?.onBytes = { [self] in didReceiveBytes($0) }
    watch?.onClose = { [self] in didClose() }
    work.value.watch = watch
    setTimer()
  }

  /// The most bytes that may come before the head of a response is whole, interim responses included.
  private static let headLimit = 1 << 20

  private func didReceiveBytes(_ count: Int) {
    let isTooMuch = state.withLock { state in
      state.clock.noteActivity(at: .now())
      guard !state.stream.hasHead else { return false }
      state.headBytes += count
      return state.headBytes > Self.headLimit
    }
    guard isTooMuch else { return }
    let authority = request.authority
    // Not while the connection is reading.
    loop.execute { [self] in
      end { _ in TransportFailure(.tooLarge, "The response of \(authority) has too large a head.") }
    }
  }

  /// Looks at a head before AsyncHTTPClient follows a redirect by itself, as only a shared client can.
  func willReadHead(_ head: HTTPResponseHead) {
    guard engine.hasSharedClient, head.isRedirect else { return }
    receive(head)
    end(with: .complete)
  }

  func didReceiveHead(_ head: HTTPResponseHead) {
    if engine.hasSharedClient, !request.acceptsEncoding, head.hasEncodedBody {
      let authority = request.authority
      return end { _ in
        TransportFailure(
          .malformed, "\(authority) encoded the response body, although the request allows no encoding.")
      }
    }
    receive(head)
    guard head.status.code >= 300, upload.cancel() else { return }
    let length = head.headers.first(name: "content-length").flatMap { Int($0) }
    state.withLock { $0.refusal = Refusal(missing: head.status.mayHaveResponseBody ? length : 0) }
    endIfRefusalIsWhole()
  }

  private func endIfRefusalIsWhole() {
    guard state.withLock({ $0.refusal?.missing }) == 0 else { return }
    // Not while AsyncHTTPClient tells of it.
    loop.execute { [self] in end(with: .complete) }
  }

  private func didClose() {
    // When AsyncHTTPClient has had its say: a body that was cut is a failure by then.
    loop.execute { [self] in
      let isWhole = state.withLock { $0.refusal != nil && !$0.stream.isPaused }
      if isWhole { end(with: .complete) }
    }
  }

  func didSendPart() {
    upload.didSendPiece()
  }

  private func receive(_ head: HTTPResponseHead) {
    guard let response = HTTPResponse(head) else {
      let authority = request.authority
      return end { _ in
        TransportFailure(.malformed, "\(authority) answered with the status \(head.status.code).")
      }
    }
    let delivery = state.withLock { state in
      state.clock.noteActivity(at: .now())
      return state.stream.receiveHead(response)
    }
    delivery.perform()
  }

  /// Takes a part of the body; the future lets AsyncHTTPClient go on.
  func didReceiveBody(_ buffer: ByteBuffer) -> EventLoopFuture<Void> {
    var future: EventLoopFuture<Void>?
    let delivery = state.withLock { state in
      state.clock.noteActivity(at: .now())
      state.refusal?.missing? -= buffer.readableBytes
      return state.stream.receive(buffer.readableBytesView) {
        let permit = loop.makePromise(of: Void.self)
        future = permit.futureResult
        return permit
      }
    }
    delivery.perform()
    endIfRefusalIsWhole()
    return future ?? loop.makeSucceededVoidFuture()
  }

  func didFinish() {
    end(with: .complete)
  }

  func didFail(_ error: any Error) {
    let (hasSent, hasBegun) = state.withLock { state in
      (state.clock.hasSent, state.headBytes > 0 || state.stream.hasHead)
    }
    if !hasSent, case ChannelError.ioOnClosedChannel = error,
      work.value.deadConnections < engine.maxConnections
    {
      work.value.deadConnections += 1
      work.value.needsOtherConnection = true
      return
    }
    let outcome = CallOutcome(
      error: error, authority: request.authority, hasSent: hasSent, hasResponseBegun: hasBegun)
    end(with: .failed(outcome.failure))
  }

  func uploadEvent(_ event: Upload.Event) {
    switch event {
    case .rests(let rests):
      state.withLock { $0.clock.setSourceResting(rests, at: .now()) }
      if !rests { loop.execute { [self] in setTimer() } }
    case .sent:
      state.withLock { $0.clock.noteActivity(at: .now()) }
    case .failed(let failure):
      loop.execute { [self] in end { _ in failure } }
    }
  }
}
#endif
