// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import NIOCore
internal import OpenAIBatchTransport

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The calls of one transport: those that run, and the line before them.
///
/// All of it happens on one event loop, on which AsyncHTTPClient also works for this transport. So nothing can be sent
/// between a look at what was sent and the call's end.
final class Engine: Sendable {
  let loop: any EventLoop
  private let clients: any Clients
  let maxConnections: Int
  private let process = getpid()

  private struct State {
    var running: Set<ObjectIdentifier> = []
    var calls: [ObjectIdentifier: Call] = [:]
    /// Those that wait, and some that ended while they waited.
    var line = CircularBuffer<Call>()
    var endedInLine = 0
    var isStarting = false
    var isShutDown = false
    var drainWaiters: [CheckedContinuation<Void, Never>] = []
  }
  private let state: NIOLoopBoundBox<State>

  init(clients: any Clients, loop: any EventLoop, maxConnections: Int) {
    self.clients = clients
    self.loop = loop
    self.maxConnections = max(maxConnections, 1)
    loopPreference = clients.haveSeveralLoops ? .delegateAndChannel(on: loop) : .indifferent
    state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
  }

  var hasSharedClient: Bool { clients.areShared }

  /// What keeps AsyncHTTPClient's work on ``loop``. Where a client has several, it closes connections for one of them
  /// as soon as no call waits for one.
  let loopPreference: HTTPClient.EventLoopPreference

  func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    guard getpid() == process else {
      throw TransportFailure(.shutDown, "The transport belongs to the parent of this process.")
    }
    guard !Task.isCancelled else { throw .cancelled(mayHaveReachedServer: false) }
    let prepared = try PreparedRequest(request)
    let client = try clients.client(for: prepared)
    let call = Call(prepared, body: request.body, timeouts: request.timeouts, client: client, engine: self)
    let head = try await call.head()
    return TransportResponse(head: head, body: ResponseBody(call))
  }

  func shutdown() async {
    guard getpid() == process else { return }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        loop.execute { [self] in
          state.value.isShutDown = true
          state.value.drainWaiters.append(waiter)
          endIfDrained()
        }
      }
    } onCancel: {
      stop()
    }
  }

  /// Ends everything with the kind `shutDown`.
  func stop() {
    guard getpid() == process else { return }
    loop.execute { [self] in
      state.value.isShutDown = true
      for call in state.value.calls.values { call.shutDown() }
      endIfDrained()
    }
  }

  // MARK: On the event loop

  func takeLastWriter() -> ConnectionWatch? { clients.takeLastWriter() }

  /// Puts a call at the end of the line.
  func add(_ call: Call) {
    guard !call.hasEnded else { return }
    guard !state.value.isShutDown else { return call.shutDown() }
    state.value.calls[ObjectIdentifier(call)] = call
    state.value.line.append(call)
    startCalls()
  }

  /// A call has ended, and its connection is free.
  func finished(_ call: Call) {
    let id = ObjectIdentifier(call)
    guard state.value.calls.removeValue(forKey: id) != nil else { return }
    if state.value.running.remove(id) == nil { noteEndedInLine() }
    startCalls()
    endIfDrained()
  }

  private func startCalls() {
    // A call that ends as it starts comes back here.
    guard !state.value.isStarting else { return }
    state.value.isStarting = true
    while state.value.running.count < maxConnections, let call = state.value.line.popFirst() {
      guard !call.hasEnded else {
        state.value.endedInLine -= 1
        continue
      }
      state.value.running.insert(ObjectIdentifier(call))
      call.start()
    }
    state.value.isStarting = false
  }

  private func noteEndedInLine() {
    state.value.endedInLine += 1
    guard state.value.endedInLine >= 64, state.value.endedInLine * 2 > state.value.line.count else { return }
    state.value.line.removeAll { $0.hasEnded }
    state.value.endedInLine = 0
  }

  private func endIfDrained() {
    guard state.value.isShutDown, state.value.calls.isEmpty else { return }
    clients.close()
    let waiters = state.value.drainWaiters
    state.value.drainWaiters = []
    for waiter in waiters { waiter.resume() }
  }
}
#endif
