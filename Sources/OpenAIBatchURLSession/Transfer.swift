// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation
internal import OpenAIBatchTransport
internal import Synchronization

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

/// One request on its way: carries events to a ``TransferState`` and does what it says.
///
/// Continuations are resumed, and the engine is called, only after the lock is given back.
final class Transfer: ResponseBodySource {
  typealias Head = Result<HTTPResponse, TransportFailure>
  typealias Chunk = Result<ArraySlice<UInt8>?, TransportFailure>

  let id: UInt64
  let method: HTTPRequest.Method
  let urlRequest: URLRequest
  let body: UploadBody
  let connectionUse: ConnectionUse
  private let engine: SessionEngine

  private struct Guarded {
    var state: TransferState
    var headWaiter: CheckedContinuation<Head, Never>?
    var chunkWaiter: CheckedContinuation<Chunk, Never>?
    var task: URLSessionTask?
    var session: ManagedSession?
    var timer: DeadlineTimer?
  }
  private let guarded: Mutex<Guarded>

  init(
    id: UInt64, method: HTTPRequest.Method, urlRequest: URLRequest, body: UploadBody,
    connectionUse: ConnectionUse, setup: TransferState.Setup, engine: SessionEngine
  ) {
    self.id = id
    self.method = method
    self.urlRequest = urlRequest
    self.body = body
    self.connectionUse = connectionUse
    self.engine = engine
    guarded = Mutex(Guarded(state: TransferState(setup)))
  }

  // MARK: The caller's side

  /// Enters the line and waits for the response's head.
  func head() async throws(TransportFailure) -> HTTPResponse {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let result = guarded.withLock { guarded -> Head? in
          let result = guarded.state.takeHead()
          if result == nil { guarded.headWaiter = continuation }
          return result
        }
        if let result { return continuation.resume(returning: result) }
        startTimer()
        engine.submit(self)
      }
    } onCancel: {
      update { $0.cancel() }
    }
    let mayTellOfDamage =
      if case .failure(let failure) = result {
        [.timedOut, .interrupted, .truncated].contains(failure.kind)
      } else { true }
    if mayTellOfDamage, let damage = body.damage {
      abandon()
      throw TransportFailure(.body, "The request body's file changed while it was sent.", underlying: damage)
    }
    return try result.get()
  }

  func next() async throws(TransportFailure) -> ArraySlice<UInt8>? {
    if Task.isCancelled { update { $0.cancel() } }
    if let result = takeChunk(or: nil) { return try result.get() }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if let result = takeChunk(or: continuation) { continuation.resume(returning: result) }
      }
    } onCancel: {
      update { $0.cancel() }
    }
    return try result.get()
  }

  func abandon() {
    update { $0.abandon() }
  }

  private func takeChunk(or waiter: CheckedContinuation<Chunk, Never>?) -> Chunk? {
    let (result, effects) = guarded.withLock { guarded -> (Chunk?, Effects) in
      guard guarded.chunkWaiter == nil else { return (.failure(.concurrentRead), Effects()) }
      let (result, actions) = guarded.state.takeChunk(at: .now)
      if result == nil { guarded.chunkWaiter = waiter }
      return (result, Self.effects(of: actions, on: &guarded))
    }
    perform(effects)
    return result
  }

  // MARK: The engine's side

  /// Whether the transfer is still wanted now that it may start.
  func start() -> Bool {
    let starts = guarded.withLock { $0.state.start(at: .now) }
    resetTimer()
    return starts
  }

  /// Takes the task, and the session for as long as the task runs; `false` when nobody wants it any more.
  func attach(_ task: URLSessionTask, of session: ManagedSession) -> Bool {
    guarded.withLock {
      $0.task = task
      $0.session = session
      return !$0.state.isOver
    }
  }

  func refuse(_ failure: TransportFailure) {
    update { $0.refuse(failure) }
  }

  func shutDown() {
    update { $0.shutDown() }
  }

  // MARK: The session's side

  /// Whether the outcome is known, and the task perhaps cancelled.
  var isOver: Bool { guarded.withLock { $0.state.isOver } }

  func didSend(total: Int64) {
    update {
      $0.didSend(total: total, at: .now)
      return []
    }
  }

  func didReceive(_ response: HTTPURLResponse) {
    // Foundation on Linux announces interim responses like final ones.
    guard !(100..<200).contains(response.statusCode) else {
      return update {
        $0.didReceiveInterim(at: .now)
        return []
      }
    }
    let head: Result<ResponseHead, TransportFailure>
    do {
      head = .success(try ResponseHead(response, method: method))
    } catch {
      head = .failure(error)
    }
    update { $0.didReceive(head: head, at: .now) }
  }

  func didReceive(_ data: Data) {
    // Foundation on Linux comes to cancelling a task only when it has read all that has arrived: be quicker than
    // the server.
    guard !isOver else { return }
    let bytes = [UInt8](data)
    update { $0.didReceive(bytes, at: .now) }
  }

  func didLoseConnection() {
    update { $0.didLoseConnection() }
  }

  /// The exchange is complete or failed.
  ///
  /// - Parameter response: The response, in case that it was never announced: Foundation on Linux keeps a
  ///   redirect without a location, and its body, to itself.
  func didComplete(_ error: SessionFailure?, response: HTTPURLResponse?) {
    if error == nil, let response, let head = try? ResponseHead(response, method: method) {
      update { $0.didReceive(head: .success(ResponseHead(unchecked: head.response)), at: .now) }
    }
    update { $0.didComplete(error) }
  }

  /// The session is done with the task.
  func taskDidEnd() {
    let session = guarded.withLock { guarded in
      guarded.task = nil
      return guarded.session.take()
    }
    engine.finish(id)
    // An isolated session ends here, after the lock was given back.
    withExtendedLifetime(session) {}
  }

  // MARK: Effects

  /// What remains to be done without the lock.
  private struct Effects {
    var head: (waiter: CheckedContinuation<Head, Never>, result: Head)?
    var chunk: (waiter: CheckedContinuation<Chunk, Never>, result: Chunk)?
    var taskActions: [TransferState.Action] = []
    var task: URLSessionTask?
    var resetsTimer = false
  }

  private func update(_ event: (inout TransferState) -> [TransferState.Action]) {
    let effects = guarded.withLock { guarded in
      let actions = event(&guarded.state)
      return Self.effects(of: actions, on: &guarded)
    }
    perform(effects)
  }

  private static func effects(of actions: [TransferState.Action], on guarded: inout Guarded) -> Effects {
    var effects = Effects(task: guarded.task)
    var actions = actions[...]
    while let action = actions.popFirst() {
      switch action {
      case .wakeHead:
        guard let waiter = guarded.headWaiter, let result = guarded.state.takeHead() else { break }
        guarded.headWaiter = nil
        effects.head = (waiter, result)
      case .wakeReader:
        guard let waiter = guarded.chunkWaiter else { break }
        let (result, more) = guarded.state.takeChunk(at: .now)
        actions += more
        guard let result else { break }
        guarded.chunkWaiter = nil
        effects.chunk = (waiter, result)
      case .cancelTask, .suspendTask:
        effects.taskActions.append(action)
      case .resumeTask:
        effects.taskActions.append(action)
        effects.resetsTimer = true
      }
    }
    if guarded.state.isOver, let timer = guarded.timer {
      timer.cancel()
      guarded.timer = nil
    }
    return effects
  }

  private func perform(_ effects: Effects) {
    for action in effects.taskActions { engine.apply(action, to: effects.task, of: id) }
    if effects.resetsTimer { resetTimer() }
    if let (waiter, result) = effects.head { waiter.resume(returning: result) }
    if let (waiter, result) = effects.chunk { waiter.resume(returning: result) }
  }

  // MARK: Deadlines

  private func startTimer() {
    guarded.withLock { guarded in
      guard !guarded.state.isOver else { return }
      let timer = DeadlineTimer { [weak self] in self?.deadlineReached() }
      guarded.timer = timer
      if let deadline = guarded.state.nextDeadline { timer.set(for: deadline, now: .now) }
      timer.activate()
    }
  }

  private func resetTimer() {
    guarded.withLock { guarded in
      guard let timer = guarded.timer, let deadline = guarded.state.nextDeadline else { return }
      timer.set(for: deadline, now: .now)
    }
  }

  private func deadlineReached() {
    update { $0.deadlineReached(at: .now) }
    resetTimer()
  }
}
