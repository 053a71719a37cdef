// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Dispatch
internal import Foundation
internal import OpenAIBatchTransport
internal import Synchronization

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

/// The sessions of one transport, and the line of transfers before them.
final class SessionEngine: Sendable {
  private let configuration: URLSessionTransport.Configuration
  private let directory: String
  private let process = getpid()
  /// Tasks are made, resumed and cancelled here only: in order, never on a thread of Swift's pool, because each of
  /// these waits for Foundation's queue, and never inside a callback, which runs on that queue.
  /// One for all engines: Foundation's queue is one, too, and with a thread of each engine waiting for it, it would
  /// get none of its own any more.
  private static let control = DispatchQueue(label: "OpenAIBatchURLSession.control")

  private enum Intake {
    case open, draining, stopped
  }

  private struct State {
    var line: AdmissionQueue<Transfer>
    var running: [UInt64: Transfer] = [:]
    var kept: ManagedSession?
    var closed: ManagedSession?
    var openSessions = 0
    var lastID: UInt64 = 0
    var intake = Intake.open
    /// Calls that were let in and wait for their head; at first they are in no line, while their bodies are copied.
    var calls = 0
    /// The bodies that are being copied.
    var copies: [UInt64: Task<Result<UploadBody, TransportFailure>, Never>] = [:]
    var drainWaiters: [CheckedContinuation<Void, Never>] = []
  }
  private let state: Mutex<State>

  init(_ configuration: URLSessionTransport.Configuration) {
    self.configuration = configuration
    directory = configuration.temporaryDirectory ?? TemporaryPath.folder
    state = Mutex(State(line: AdmissionQueue(limit: configuration.maxConnections)))
  }

  // MARK: Sending

  func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    let start = ContinuousClock.now
    guard getpid() == process else {
      throw TransportFailure(.shutDown, "The transport belongs to the parent of this process.")
    }
    let isOpen = state.withLock { state in
      if state.intake == .open { state.calls += 1 }
      return state.intake == .open
    }
    guard isOpen else { throw .shutDown(mayHaveReachedServer: false) }
    defer {
      state.withLock { $0.calls -= 1 }
      endIfDrained()
    }
    let use = Self.connectionUse(for: request)
    let urlRequest = try URLRequest(request, keepsConnection: use == .kept)
    let timeouts = request.timeouts.bounded
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    let body = try await body(of: request, id: id, deadline: timeouts.total.map { start + $0 })
    let setup = TransferState.Setup(
      host: request.head.authority ?? "", timeouts: timeouts, bodyLength: body.length,
      spool: ResponseSpool.Limits(files: configuration.spoolLimit, directory: directory),
      canSuspend: Self.canSuspend, start: start)
    let transfer = Transfer(
      id: id, method: request.head.method, urlRequest: urlRequest, body: body, connectionUse: use,
      setup: setup,
      engine: self)
    let head = try await transfer.head()
    return TransportResponse(head: head, body: ResponseBody(transfer))
  }

  /// The body in a form that can be sent. ``shutDown()`` ends the copying of one that is copied.
  private func body(
    of request: TransportRequest, id: UInt64, deadline: ContinuousClock.Instant?
  ) async throws(TransportFailure) -> UploadBody {
    let directory = directory
    let copying = Task { () -> Result<UploadBody, TransportFailure> in
      do throws(TransportFailure) {
        return .success(try await .prepare(request.body, directory: directory, deadline: deadline))
      } catch {
        return .failure(error)
      }
    }
    let isStopped = state.withLock { state in
      state.copies[id] = copying
      return state.intake == .stopped
    }
    if isStopped { copying.cancel() }
    let result = await withTaskCancellationHandler {
      await copying.value
    } onCancel: {
      copying.cancel()
    }
    let wasStopped = state.withLock { state in
      state.copies[id] = nil
      return state.intake == .stopped
    }
    if wasStopped, !Task.isCancelled { throw .shutDown(mayHaveReachedServer: false) }
    return try result.get()
  }

  #if canImport(FoundationNetworking)
  private static let canSuspend = false

  /// Keeps libcurl from sending a request anew on its own when a reused connection turns out dead, which it may do
  /// with GET and HEAD only. A body that it starts over is noticed (``Transfer/didLoseConnection()``); a request
  /// without one is not, so it never gets a used connection, even when the server ignores `Connection: close`.
  /// Over TLS the session is shared: ending a session can trap there (#5203).
  private static func connectionUse(for request: TransportRequest) -> ConnectionUse {
    if request.head.method == .get || request.head.method == .head { return .kept }
    return request.body.length == 0 && request.head.scheme?.lowercased() == "http" ? .isolated : .closed
  }
  #else
  private static let canSuspend = true

  private static func connectionUse(for request: TransportRequest) -> ConnectionUse { .kept }
  #endif

  // MARK: The line

  /// Puts a transfer at the end of the line.
  func submit(_ transfer: Transfer) {
    enum Outcome {
      case start(Transfer)
      case wait, refuse
    }
    let outcome = state.withLock { state -> Outcome in
      // One that was let in before a shutdown is let through.
      guard state.intake != .stopped else { return .refuse }
      guard let next = state.line.add(transfer, id: transfer.id) else { return .wait }
      state.running[next.id] = next
      return .start(next)
    }
    switch outcome {
    case .start(let next): launch(next)
    case .wait: break
    case .refuse: transfer.shutDown()
    }
  }

  /// The network is done with a transfer: the next may start.
  func finish(_ id: UInt64) {
    let next = state.withLock { state in
      state.running[id] = nil
      let next = state.line.finish(id)
      if let next { state.running[next.id] = next }
      return next
    }
    if let next { launch(next) } else { endIfDrained() }
  }

  /// Does to a transfer's task what its state asks for.
  func apply(_ action: TransferState.Action, to task: URLSessionTask?, of id: UInt64) {
    guard let task else {
      state.withLock { _ = $0.line.remove(id) }
      return
    }
    Self.control.async {
      switch action {
      case .cancelTask: task.cancel()
      case .suspendTask: task.suspend()
      case .resumeTask: task.resume()
      case .wakeHead, .wakeReader: break
      }
    }
  }

  private func launch(_ transfer: Transfer) {
    Self.control.async { [self] in
      guard transfer.start() else { return finish(transfer.id) }
      // It may have waited in line for long.
      if let damage = transfer.body.damage {
        transfer.refuse(
          TransportFailure(
            .body, "The request body's file changed.", mayHaveReachedServer: false, underlying: damage))
        return finish(transfer.id)
      }
      let managed = session(for: transfer.connectionUse)
      let task: URLSessionTask =
        switch transfer.body {
        case .none: managed.session.dataTask(with: transfer.urlRequest)
        case .data(let data): managed.session.uploadTask(with: transfer.urlRequest, from: data)
        case .file(let path, _):
          managed.session.uploadTask(with: transfer.urlRequest, fromFile: URL(fileURLWithPath: path))
        case .copy(let file, _):
          managed.session.uploadTask(with: transfer.urlRequest, fromFile: URL(fileURLWithPath: file.path))
        }
      managed.delegate.add(transfer, for: task)
      guard transfer.attach(task, of: managed) else { return task.cancel() }
      task.resume()
    }
  }

  /// The session for a use, made when it is first needed. Called on the control queue only.
  private func session(for use: ConnectionUse) -> ManagedSession {
    let existing = state.withLock { state -> ManagedSession? in
      switch use {
      case .kept: state.kept
      case .closed: state.closed
      case .isolated: nil
      }
    }
    if let existing { return existing }
    let made = ManagedSession(
      maxConnections: configuration.maxConnections,
      delegate: SessionDelegate { [self] in sessionDidEnd() })
    state.withLock { state in
      state.openSessions += 1
      guard state.intake != .stopped else { return }
      switch use {
      case .kept: state.kept = made
      case .closed: state.closed = made
      case .isolated: break
      }
    }
    return made
  }

  private func sessionDidEnd() {
    state.withLock { $0.openSessions -= 1 }
    endIfDrained()
  }

  // MARK: The end

  /// Fails all transfers and lets the sessions go.
  func shutDown() {
    let (copies, transfers, sessions) = state.withLock { state in
      state.intake = .stopped
      let sessions = [state.kept, state.closed]
      state.kept = nil
      state.closed = nil
      return (
        Array(state.copies.values), Array(state.running.values) + state.line.removeAllWaiting(), sessions
      )
    }
    for copying in copies { copying.cancel() }
    for transfer in transfers { transfer.shutDown() }
    // The sessions end here, after the lock was given back.
    withExtendedLifetime(sessions) {}
    endIfDrained()
  }

  /// Refuses new transfers and waits until nothing of the others is left. A cancelled task ends them.
  func drain() async {
    // They are the parent's.
    guard getpid() == process else { return }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        state.withLock { state in
          if state.intake == .open { state.intake = .draining }
          state.drainWaiters.append(waiter)
        }
        endIfDrained()
      }
    } onCancel: {
      shutDown()
    }
  }

  /// Lets the sessions go after the last transfer, and wakes who waits for the end of those.
  private func endIfDrained() {
    let (sessions, waiters) = state.withLock { state in
      let isOver = state.calls == 0 || state.intake == .stopped
      guard state.intake != .open, state.running.isEmpty, isOver else {
        return ([ManagedSession](), [CheckedContinuation<Void, Never>]())
      }
      let sessions = [state.kept, state.closed].compactMap(\.self)
      state.kept = nil
      state.closed = nil
      guard state.openSessions == 0 else { return (sessions, []) }
      defer { state.drainWaiters = [] }
      return (sessions, state.drainWaiters)
    }
    // The sessions end here, after the lock was given back.
    withExtendedLifetime(sessions) {}
    for waiter in waiters { waiter.resume() }
  }
}

extension Timeouts {
  /// The same within a century, so that adding them to a time cannot overflow.
  fileprivate var bounded: Timeouts {
    func bounded(_ duration: Duration) -> Duration { min(max(duration, .zero), .seconds(3_155_760_000)) }
    return Timeouts(connect: bounded(connect), idle: bounded(idle), total: total.map(bounded))
  }
}
