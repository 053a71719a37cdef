// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import NIOCore
internal import OpenAIBatchTransport
internal import Synchronization

/// One request and its response, shared by the caller and the event loop.
///
/// It ends exactly once, and only on the event loop. What AsyncHTTPClient tells is in `Call+Events.swift`.
final class Call: ResponseBodySource {
  typealias HeadWaiter = CheckedContinuation<Result<HTTPResponse, TransportFailure>, Never>
  typealias BodyWaiter = CheckedContinuation<Result<ArraySlice<UInt8>?, TransportFailure>, Never>
  typealias Stream = ResponseStream<HeadWaiter, BodyWaiter, EventLoopPromise<Void>>

  let request: PreparedRequest
  let engine: Engine
  let upload: Upload
  var loop: any EventLoop { engine.loop }

  struct State {
    var stream = Stream()
    var clock: CallClock
    /// Bytes of the response that arrived before its head was whole.
    var headBytes = 0
    /// Set by an answer that came before the request's body was whole, of at least 300: AsyncHTTPClient sends no more
    /// of the body then, and does not always tell the answer's end.
    var refusal: Refusal?
  }
  struct Refusal {
    /// How much of the answer's body is to come; `nil` when it does not say.
    var missing: Int?
  }
  let state: Mutex<State>

  /// What only the event loop knows.
  struct Work {
    var task: HTTPClient.Task<Void>?
    /// Held until the call leaves the engine.
    var client: ClientReference?
    /// How often a connection was lost before the request could be sent on it.
    var lostConnections = 0
    var needsOtherConnection = false
    var watch: ConnectionWatch?
    var timer: Scheduled<Void>?
    var timerDeadline = NIODeadline.distantFuture
  }
  let work: NIOLoopBoundBox<Work>

  init(
    _ request: PreparedRequest, body: RequestBody, timeouts: Timeouts, client: ClientReference, engine: Engine
  ) {
    self.request = request
    self.engine = engine
    upload = Upload(body, loop: engine.loop)
    state = Mutex(State(clock: CallClock(timeouts, start: .now())))
    work = NIOLoopBoundBox.makeBoxSendingValue(Work(client: client), eventLoop: engine.loop)
  }

  // MARK: The caller's side

  var hasEnded: Bool { state.withLock { $0.stream.hasEnded } }

  /// Queues the request and waits for the response's head.
  func head() async throws(TransportFailure) -> HTTPResponse {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        state.withLock { $0.stream.waitForHead(waiter) }.perform()
        loop.execute { [self] in
          engine.add(self)
          setTimer()
        }
      }
    } onCancel: {
      cancel()
    }
    return try result.get()
  }

  func next() async throws(TransportFailure) -> ArraySlice<UInt8>? {
    guard !Task.isCancelled else {
      cancel()
      throw .cancelled(mayHaveReachedServer: true)
    }
    let pulled = state.withLock { state in
      if state.stream.isPaused { state.clock.noteActivity(at: .now()) }
      return state.stream.next()
    }
    if let (result, permit) = pulled {
      if let permit {
        permit.succeed()
        loop.execute { [self] in setTimer() }
      }
      return try result.get()
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        state.withLock { $0.stream.waitForBody(waiter) }.perform()
      }
    } onCancel: {
      cancel()
    }
    return try result.get()
  }

  func abandon() {
    guard !hasEnded else { return }
    cancel()
  }

  private func cancel() {
    loop.execute { [self] in end { .cancelled(mayHaveReachedServer: $0) } }
  }

  // MARK: On the event loop: the way of a call

  /// The call has its turn.
  func start() {
    upload.open { [self] in
      switch $0 {
      case .success: execute()
      case .failure(let failure): end { _ in failure }
      }
    }
  }

  private func execute() {
    guard !hasEnded else { return }
    state.withLock { $0.clock.beginConnecting(at: .now()) }
    setTimer()
    tryConnection()
  }

  private func tryConnection() {
    guard !hasEnded, let client = work.value.client?.client else { return leave() }
    do {
      let body = upload.body { [self] in uploadEvent($0) }
      let request = try HTTPClient.Request(
        url: request.url, method: request.method, headers: request.headers, body: body)
      let task = client.execute(
        request: request, delegate: ResponseDelegate(self), eventLoop: engine.loopPreference, logger: nil)
      work.value.task = task
      task.futureResult.whenComplete { [self] in taskEnded($0) }
    } catch {
      end { _ in .invalid("The request's URL is not one that AsyncHTTPClient can use: \(error)") }
    }
  }

  private func taskEnded(_ result: Result<Void, any Error>) {
    // Not every failure is told to the delegate.
    if case .failure(let error) = result, !work.value.needsOtherConnection { didFail(error) }
    if work.value.needsOtherConnection {
      work.value.needsOtherConnection = false
      work.value.task = nil
      // AsyncHTTPClient knows about the dead connection a turn later.
      return loop.execute { [self] in tryConnection() }
    }
    upload.release()
    leave()
  }

  /// The engine and the client are done with this call.
  private func leave() {
    work.value.client = nil
    engine.finished(self)
  }

  func shutDown() {
    end { .shutDown(mayHaveReachedServer: $0) }
  }

  /// Ends the call with a failure, which is told whether something was sent.
  func end(_ failure: (_ hasSent: Bool) -> TransportFailure) {
    end(with: .failed(failure(state.withLock { $0.clock.hasSent })))
  }

  func end(with end: Stream.End) {
    guard let delivery = state.withLock({ $0.stream.finish(end) }) else { return }
    work.value.timer?.cancel()
    if upload.cancel(), case .complete = end {
      // To AsyncHTTPClient the task is over, and the connection busy for ever with the rest of the request.
      loop.execute { [self] in work.value.watch?.close(behind: self) }
    } else {
      work.value.watch?.end(self)
    }
    // Closes the connection; without effect when the task has ended, or is about to.
    if let task = work.value.task { task.cancel() } else { leave() }
    delivery.perform()
  }

  // MARK: On the event loop: time

  /// Sets the timer for the next deadline, if that comes before the one that it is set for.
  func setTimer() {
    let (hasEnded, next) = state.withLock { state in
      (
        state.stream.hasEnded,
        state.clock.nextDeadline(isReaderResting: state.stream.isPaused, isAnswered: state.stream.hasHead)
      )
    }
    guard !hasEnded, let next, next < work.value.timerDeadline else { return }
    work.value.timer?.cancel()
    work.value.timerDeadline = next
    work.value.timer = loop.scheduleTask(deadline: next) { [self] in timerFired() }
  }

  private func timerFired() {
    work.value.timerDeadline = .distantFuture
    let authority = request.authority
    let failure = state.withLock { state in
      state.clock.failure(
        at: .now(), isReaderResting: state.stream.isPaused, isAnswered: state.stream.hasHead,
        authority: authority)
    }
    if let failure { end(with: .failed(failure)) } else { setTimer() }
  }
}

extension Call.Stream.Delivery
where
  HeadWaiter == Call.HeadWaiter, BodyWaiter == Call.BodyWaiter, Permit == EventLoopPromise<Void>
{
  func perform() {
    permit?.succeed()
    if let (waiter, result) = head { waiter.resume(returning: result) }
    if let (waiter, result) = body { waiter.resume(returning: result) }
  }
}
#endif
