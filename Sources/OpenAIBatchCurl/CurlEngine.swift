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

/// The way from callers to the thread that owns libcurl's handles: a mailbox, and that thread's life.
///
/// The thread starts with the first request and ends after some idle time, so that no dead connection is kept.
final class CurlEngine: Sendable {
  enum Message: Sendable {
    case start(Transfer)
    case cancel(Transfer)
    case resumeReceiving(Transfer)
    case bodyIsReady(Transfer)
  }

  /// What the loop does next.
  enum Turn {
    /// Handles these messages, and goes on.
    case work
    /// Fails all there is, and ends.
    case stop
    /// Nothing is left to do, and nothing will come: ends.
    case end
  }

  private enum Intake {
    case open, draining, stopped
  }

  private struct State {
    var messages: [Message] = []
    var intake = Intake.open
    /// The running loop's handle.
    var multi: MultiHandle?
    var hasLoop = false
    var isAsleep = false
    /// Threads that have not let go of everything yet.
    var threadCount = 0
    var shutdownWaiters: [CheckedContinuation<Void, Never>] = []
  }

  let settings: EngineSettings
  private let owner = getpid()
  private let state = Mutex(State())
  /// Callers between taking the handle from the state and the end of its ``MultiHandle/wake()``.
  private let wakerCount = Atomic<Int>(0)
  private let mayHaveMessages = Atomic<Bool>(false)
  private let mayAnswerSoon = Atomic<Bool>(false)

  init(_ settings: EngineSettings) {
    self.settings = settings
  }

  // MARK: From any thread

  /// - Throws: Kind `invalid` for a set-up that cannot work, `shutDown` after a shutdown and in a forked child.
  func checkUsable() throws(TransportFailure) {
    if let failure = settings.failure { throw failure }
    guard CurlLibrary.isUsable else { throw .invalid("libcurl 7.80 or newer could not be initialised.") }
    guard getpid() == owner else {
      throw TransportFailure(.shutDown, "The transport belongs to the parent of this process.")
    }
  }

  /// Whether calls come one at a time and are answered at once; costs next to nothing.
  var expectsAnswerSoon: Bool { mayAnswerSoon.load(ordering: .relaxed) }

  func submit(_ transfer: Transfer) {
    enum Next {
      case refuse
      case startThread
      case wake(MultiHandle?)
    }
    let next = state.withLock { state -> Next in
      guard state.intake == .open else { return .refuse }
      append(.start(transfer), to: &state)
      if state.hasLoop { return .wake(takeSleeper(&state)) }
      state.hasLoop = true
      state.threadCount += 1
      return .startThread
    }
    switch next {
    case .refuse: transfer.finish(.failed(.shutDown(mayHaveReachedServer: false)))
    case .startThread: startThread()
    case .wake(let multi): wake(multi)
    }
  }

  func post(_ message: Message) {
    wake(
      state.withLock { state in
        // A call that is cancelled while it is on its way here may be the one that starts the thread.
        let isEarly = if case .cancel = message { state.intake == .open } else { false }
        guard state.hasLoop || isEarly else { return nil }
        append(message, to: &state)
        return takeSleeper(&state)
      })
  }

  /// Fails all transfers and ends the thread; does not wait for it.
  func stop() {
    wake(
      state.withLock { state in
        state.intake = .stopped
        return takeSleeper(&state)
      })
  }

  /// Refuses new transfers and waits for the end of all others, and of the thread.
  func shutdown() async {
    // The thread is the parent's.
    guard getpid() == owner else { return }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let (isOver, multi) = state.withLock { state in
          if state.intake == .open { state.intake = .draining }
          if state.threadCount == 0 { return (true, MultiHandle?.none) }
          state.shutdownWaiters.append(waiter)
          return (false, takeSleeper(&state))
        }
        wake(multi)
        if isOver { waiter.resume() }
      }
    } onCancel: {
      stop()
    }
  }

  private func append(_ message: Message, to state: inout sending State) {
    state.messages.append(message)
    mayHaveMessages.store(true, ordering: .relaxed)
  }

  private func takeSleeper(_ state: inout sending State) -> MultiHandle? {
    guard state.isAsleep else { return nil }
    state.isAsleep = false
    wakerCount.add(1, ordering: .relaxed)
    return state.multi
  }

  private func wake(_ multi: MultiHandle?) {
    guard let multi else { return }
    multi.wake()
    wakerCount.subtract(1, ordering: .releasing)
  }

  // MARK: From the loop

  /// Makes the loop's handle the one that callers wake, and waits until nobody wakes the one before.
  func attach(_ multi: MultiHandle) {
    state.withLock { $0.multi = multi }
    awaitWakers()
  }

  /// Swaps the messages into `messages`, which is empty.
  ///
  /// - Parameters:
  ///   - isIdle: Whether the loop has no transfer.
  ///   - isTired: Whether it has been so for long.
  func collect(into messages: inout [Message], isIdle: Bool, isTired: Bool) -> Turn {
    let turn = state.withLock { state -> Turn in
      state.isAsleep = false
      swap(&state.messages, &messages)
      mayHaveMessages.store(false, ordering: .relaxed)
      if state.intake == .stopped {
        leave(&state)
        return .stop
      }
      guard isIdle, messages.isEmpty, isTired || state.intake == .draining else { return .work }
      leave(&state)
      return .end
    }
    if case .work = turn { return turn }
    awaitWakers()
    return turn
  }

  /// Whether messages have come since the last ``collect(into:isIdle:isTired:)``; costs next to nothing.
  var hasMessages: Bool { mayHaveMessages.load(ordering: .relaxed) }

  /// What callers learn from ``expectsAnswerSoon``.
  func note(expectsAnswerSoon: Bool) {
    mayAnswerSoon.store(expectsAnswerSoon, ordering: .relaxed)
  }

  /// Whether the loop may wait: from now on the first message, a stop and a shutdown wake it.
  func fallAsleep(isIdle: Bool) -> Bool {
    state.withLock { state in
      guard state.messages.isEmpty, state.intake == .open || state.intake == .draining && !isIdle else {
        return false
      }
      state.isAsleep = true
      return true
    }
  }

  /// The loop could not start: what was meant for it comes back.
  fileprivate func giveUp() -> [Message] {
    state.withLock { state in
      leave(&state)
      defer { state.messages = [] }
      return state.messages
    }
  }

  private func leave(_ state: inout sending State) {
    state.hasLoop = false
    state.multi = nil
    state.isAsleep = false
  }

  private func awaitWakers() {
    while wakerCount.load(ordering: .acquiring) > 0 { sched_yield() }
  }

  // MARK: The thread

  private func startThread() {
    #if canImport(Darwin)
    var thread: pthread_t?
    #else
    var thread = pthread_t()
    #endif
    let context = Unmanaged.passRetained(self)
    let code = pthread_create(&thread, nil, threadBody, context.toOpaque())
    guard code == 0 else {
      context.release()
      runEnded(failing: giveUp())
      return
    }
    #if canImport(Darwin)
    if let thread { pthread_detach(thread) }
    #else
    pthread_detach(thread)
    #endif
  }

  fileprivate func run() {
    // A signal's handler has no business here, and SIGPIPE would end the process.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    CurlLibrary.nameThread("openai-batch")
    if let loop = EngineLoop(engine: self) {
      loop.run()
      runEnded(failing: [])
    } else {
      runEnded(failing: giveUp())
    }
  }

  private func runEnded(failing messages: [Message]) {
    for case .start(let transfer) in messages {
      transfer.finish(.failed(TransportFailure(.notSent, "Memory, threads or descriptors are used up.")))
    }
    let waiters = state.withLock { state in
      state.threadCount -= 1
      guard state.threadCount == 0 else { return [CheckedContinuation<Void, Never>]() }
      defer { state.shutdownWaiters = [] }
      return state.shutdownWaiters
    }
    for waiter in waiters { waiter.resume() }
  }
}

#if canImport(Darwin)
private let threadBody: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { context in
  Unmanaged<CurlEngine>.fromOpaque(context).takeRetainedValue().run()
  return nil
}
#else
private let threadBody: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
  guard let context else { return nil }
  Unmanaged<CurlEngine>.fromOpaque(context).takeRetainedValue().run()
  return nil
}
#endif
