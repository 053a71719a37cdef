// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// One request and its response, shared by the caller and the engine.
///
/// It ends exactly once. Messages that reach the engine after that are without effect.
final class Transfer: ResponseBodySource {
  typealias HeadWaiter = CheckedContinuation<Result<ResponseHead, TransportFailure>, Never>
  typealias BodyWaiter = CheckedContinuation<Result<ArraySlice<UInt8>?, TransportFailure>, Never>
  typealias Stream = ResponseStream<HeadWaiter, BodyWaiter>

  let request: PreparedRequest
  /// The host and port, for messages.
  let authority: String
  let operation: String
  let created = ContinuousClock.now
  let timeouts: Timeouts
  /// When the total timeout ends; `nil` for never.
  let deadline: ContinuousClock.Instant?
  /// A body in memory.
  let bytes: [UInt8]
  /// A body that is streamed.
  let upload: Upload?

  private let engine: CurlEngine
  private let stream = Mutex(Stream())

  /// - Throws: Kind `invalid`, before anything is sent.
  init(_ request: TransportRequest, engine: CurlEngine) throws(TransportFailure) {
    self.request = try PreparedRequest(request)
    self.authority = request.head.authority ?? ""
    self.operation = request.operation
    self.timeouts = request.timeouts
    // A thousand years stand for "longer than anyone waits", and keep the sum from overflowing.
    self.deadline = request.timeouts.total.map { [created] in created + min($0, .seconds(32_000_000_000)) }
    self.engine = engine
    switch request.body.source {
    case .empty:
      bytes = []
      upload = nil
    case .bytes(let bytes):
      self.bytes = bytes
      upload = nil
    case .file, .producer:
      bytes = []
      let upload = Upload()
      self.upload = upload
      upload.feed(from: request.body) { [self] in engine.post(.bodyIsReady(self)) }
    }
  }

  // MARK: The caller's side

  /// Queues the request and waits for the response's head.
  func head() async throws(TransportFailure) -> HTTPResponse {
    let result = await withTaskCancellationHandler {
      engine.submit(self)
      stayAwakeForHead()
      return await withCheckedContinuation { waiter in
        perform(stream.withLock { $0.waitForHead(waiter) })
      }
    } onCancel: {
      abandon()
    }
    return try result.get().response
  }

  func next() async throws(TransportFailure) -> ArraySlice<UInt8>? {
    guard !Task.isCancelled else {
      abandon()
      throw .cancelled(mayHaveReachedServer: true)
    }
    if case .result(let result, let resumesReceiving) = stream.withLock({ $0.next() }) {
      if resumesReceiving { engine.post(.resumeReceiving(self)) }
      return try result.get()
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        perform(stream.withLock { $0.waitForBody(waiter) })
      }
    } onCancel: {
      abandon()
    }
    return try result.get()
  }

  /// Keeps the caller's thread for what a server nearby answers sooner than a thread that sleeps could be woken.
  ///
  /// Only for a call that is alone in the engine, and for a fifth of a millisecond at most: the thread belongs to all
  /// tasks. Any other thread that wants the processor gets it.
  private func stayAwakeForHead() {
    guard engine.expectsAnswerSoon else { return }
    let start = ContinuousClock.now
    while engine.expectsAnswerSoon, .now - start < EngineLoop.shortWait, !stream.withLock({ $0.hasHead }) {
      sched_yield()
    }
  }

  func abandon() {
    guard !hasEnded else { return }
    engine.post(.cancel(self))
  }

  // MARK: The engine's side

  var hasEnded: Bool { stream.withLock { $0.hasEnded } }

  func receiveHead(_ head: ResponseHead) {
    stream.withLock { $0.receiveHead(head) }
  }

  /// Takes bytes; `false` when the reader is behind.
  func receive(_ bytes: Span<UInt8>, expectedLength: Int?) -> Bool {
    stream.withLock { $0.receive(bytes, expectedLength: expectedLength) }
  }

  /// Wakes whoever can go on.
  func deliver() {
    perform(stream.withLock { $0.deliver() })
  }

  /// Ends the transfer and wakes who waits for it. Only the first end counts.
  func finish(_ end: Stream.End) {
    let delivery = stream.withLock { stream in
      stream.finish(end)
      return stream.deliver()
    }
    perform(delivery)
    upload?.close()
  }

  private func perform(_ delivery: Stream.Delivery) {
    if let (waiter, result) = delivery.head { waiter.resume(returning: result) }
    if let (waiter, result) = delivery.body { waiter.resume(returning: result) }
    if delivery.resumesReceiving { engine.post(.resumeReceiving(self)) }
  }
}
