// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import COpenAIBatchCurl
internal import OpenAIBatchTransport

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The engine's thread: takes messages, lets libcurl work, wakes callers, waits.
final class EngineLoop {
  private let engine: CurlEngine
  private let settings: EngineSettings
  private var multi: MultiHandle
  private var live: [ObjectIdentifier: LiveTransfer] = [:]
  /// Handles of GETs that went well, for the next ones: seven kilobytes each, and never more than connections.
  private var spare: [EasyHandle] = []
  private var queue = TransferQueue()
  var sockets = ConnectionSockets()
  private var messages: [CurlEngine.Message] = []
  private var dirty: [LiveTransfer] = []
  private var due: [LiveTransfer] = []
  private var lastWork = ContinuousClock.now
  /// What came soon when it was last waited for, and so likely does again.
  private var soon: Event = []
  /// Calls that were alone and answered soon, 16 at most; an answer that was late takes off four, a second call all.
  private var quickAnswers = 0 {
    // Among calls that run side by side one is alone now and then: a few say nothing.
    didSet { engine.note(expectsAnswerSoon: quickAnswers > 8) }
  }
  /// No deadline passes before this.
  private var nextCheck: ContinuousClock.Instant?

  /// Whether several transfers can be on one connection: then what waits there may be any other's.
  var sharesConnections: Bool { settings.usesHTTP2 }

  /// The time of this turn.
  private(set) var now = ContinuousClock.now

  /// After so long without a transfer the thread ends and its connections are closed.
  private static let maximumIdleTime = Duration.seconds(90)
  /// What a caller takes to read a response and to send its next request, and a server nearby to answer it; the time to
  /// wake a thread included.
  static let shortWait = Duration.microseconds(200)
  /// However many deadlines there are, they are looked at no more often.
  private static let checkInterval = Duration.milliseconds(5)

  /// `nil` when memory or descriptors are out.
  init?(engine: CurlEngine) {
    guard let multi = MultiHandle(maxConnections: engine.settings.maxConnections) else { return nil }
    self.engine = engine
    self.settings = engine.settings
    self.multi = multi
    engine.attach(multi)
  }

  func run() {
    while true {
      now = .now
      if !isIdle { lastWork = now }
      let isTired = isIdle && now - lastWork >= Self.maximumIdleTime
      switch engine.collect(into: &messages, isIdle: isIdle, isTired: isTired) {
      case .work:
        work()
      case .stop:
        stop()
        return
      case .end:
        close()
        return
      }
    }
  }

  private func work() {
    for message in messages { handle(message) }
    messages.removeAll(keepingCapacity: messages.capacity <= 1_024)
    repeat {
      fillSlots()
      guard live.isEmpty || multi.perform() else { return startAnew() }
      endFinished()
    } while !queue.isEmpty && live.count < settings.maxConnections
    deliver()
    checkDeadlines()
    wait()
  }

  /// What a caller that sends one request after another lets this thread wait for.
  private struct Event: OptionSet {
    let rawValue: UInt8
    static let nextCall = Event(rawValue: 1)
    static let answer = Event(rawValue: 2)
  }

  private var awaitedEvent: Event? {
    if isIdle { return .nextCall }
    return live.count == 1 && queue.isEmpty && live.values.first?.awaitsAnswer == true ? .answer : nil
  }

  /// Waits for something to do. Stays awake for what likely comes before this thread could fall asleep and be woken,
  /// and leaves the processor to any other thread that wants it.
  private func wait() {
    // What ended since the slots were filled has left one free.
    guard queue.isEmpty || live.count >= settings.maxConnections else { return }
    guard let event = awaitedEvent else { return sleep() }
    let start = ContinuousClock.now
    var hasCome = false
    if soon.contains(event) {
      while !hasCome, .now - start < Self.shortWait {
        sched_yield()
        hasCome = engine.hasMessages || event == .answer && multi.isReady()
      }
    }
    if !hasCome { sleep() }
    if .now - start < Self.shortWait { soon.insert(event) } else { soon.remove(event) }
    guard event == .answer else { return }
    quickAnswers = soon.contains(.answer) ? min(quickAnswers + 1, 16) : max(quickAnswers - 4, 0)
  }

  private func sleep() {
    guard engine.fallAsleep(isIdle: isIdle) else { return }
    if !multi.poll(milliseconds: waitingTime()) { startAnew() }
  }

  private func handle(_ message: CurlEngine.Message) {
    switch message {
    case .start(let transfer):
      queue.append(transfer)
      if let deadline = transfer.deadline { noteDeadline(deadline) }
    case .cancel(let transfer):
      if let call = live[ObjectIdentifier(transfer)] {
        end(call, .failed(.cancelled(mayHaveReachedServer: call.mayHaveSent)))
      } else {
        transfer.finish(.failed(.cancelled(mayHaveReachedServer: false)))
        queue.noteEnded()
      }
    case .resumeReceiving(let transfer):
      if let call = live[ObjectIdentifier(transfer)] { check(call, call.resumeReceiving()) }
    case .bodyIsReady(let transfer):
      guard let call = live[ObjectIdentifier(transfer)] else { return }
      if let failure = transfer.upload?.failure {
        end(call, .failed(call.easy == nil ? failure.beforeSending : failure))
      } else if call.easy == nil {
        begin(call)
      } else {
        check(call, call.resumeSending())
      }
    }
  }

  private var isIdle: Bool { live.isEmpty && queue.isEmpty }

  // MARK: Transfers

  private func fillSlots() {
    while live.count < settings.maxConnections, let transfer = queue.popFirst() {
      guard transfer.deadline.map({ $0 > .now }) != false else {
        transfer.finish(.failed(Self.waitedTooLong))
        continue
      }
      let call = LiveTransfer(transfer, loop: self)
      live[ObjectIdentifier(transfer)] = call
      if let upload = transfer.upload {
        upload.start()
      } else {
        begin(call)
      }
    }
    if live.count > 1 || !queue.isEmpty { quickAnswers = 0 }
  }

  private func begin(_ call: LiveTransfer) {
    guard let easy = takeSpare(for: call) ?? EasyHandle() else { return failForMemory(call) }
    easy.owner = call
    guard easy.configure(for: call, settings: settings), multi.add(easy) else {
      easy.close()
      return failForMemory(call)
    }
    call.easy = easy
  }

  private func takeSpare(for call: LiveTransfer) -> EasyHandle? {
    let request = call.transfer.request
    guard request.isPlainGet, !call.needsFreshConnection, spare.last?.getsSecurely == request.isSecure
    else { return nil }
    return spare.popLast()
  }

  /// Nothing was sent on the connection that libcurl chose.
  private func beginAnew(_ call: LiveTransfer) {
    if let easy = call.easy {
      call.easy = nil
      multi.remove(easy)
      easy.close()
    }
    begin(call)
  }

  private func failForMemory(_ call: LiveTransfer) {
    end(
      call,
      .failed(
        TransportFailure(.notSent, "Memory is used up, or libcurl lacks an option that the set-up needs.")))
  }

  private func endFinished() {
    while let (call, code) = multi.nextFinished() {
      if code == CURLE_ABORTED_BY_CALLBACK, call.needsFreshConnection, !call.mayHaveSent {
        beginAnew(call)
      } else {
        end(call, call.failure(for: code).map { .failed($0) } ?? .complete)
      }
    }
  }

  private func check(_ call: LiveTransfer, _ code: CURLcode) {
    guard code != CURLE_OK, let failure = call.failure(for: code) else { return }
    end(call, .failed(failure))
  }

  /// Wakes the caller first: libcurl's cleaning up can go on meanwhile.
  private func end(_ call: LiveTransfer, _ outcome: Transfer.Stream.End) {
    live[ObjectIdentifier(call.transfer)] = nil
    call.transfer.finish(outcome)
    guard let easy = call.easy else { return }
    if let onMetrics = settings.onMetrics {
      let failure: TransportFailure? = if case .failed(let failure) = outcome { failure } else { nil }
      if let metrics = call.metrics(failure: failure?.kind) { onMetrics(metrics) }
    }
    call.easy = nil
    multi.remove(easy)
    if case .complete = outcome, call.leavesHandleAsNew, easy.getsSecurely != nil,
      spare.count < settings.maxConnections
    {
      easy.owner = nil
      spare.append(easy)
    } else {
      easy.close()
    }
  }

  func noteDirty(_ call: LiveTransfer) {
    dirty.append(call)
  }

  private func deliver() {
    swap(&dirty, &due)
    for call in due where call.easy != nil { check(call, call.deliver()) }
    due.removeAll(keepingCapacity: true)
  }

  // MARK: Time

  func noteDeadline(_ deadline: ContinuousClock.Instant) {
    nextCheck = nextCheck.map { min($0, deadline) } ?? deadline
  }

  private func checkDeadlines() {
    guard let due = nextCheck, due <= now else { return }
    nextCheck = nil
    for call in live.values {
      switch call.check(now: now) {
      case .success(let next): if let next { noteDeadline(next) }
      case .failure(let failure): end(call, call.hasWholeAnswer ? .complete : .failed(failure))
      }
    }
    queue.forEach { transfer in
      guard let deadline = transfer.deadline else { return }
      if deadline > now { return noteDeadline(deadline) }
      transfer.finish(.failed(Self.waitedTooLong))
    }
    nextCheck = nextCheck.map { max($0, now + Self.checkInterval) }
  }

  private static let waitedTooLong = TransportFailure(
    .notSent, "The total timeout passed while the request waited.")

  private func waitingTime() -> CInt {
    // A second is a safety net: libcurl and the deadlines say when to wake.
    let longest = isIdle ? Self.maximumIdleTime : .seconds(1)
    guard let nextCheck else { return longest.pollTime }
    return min(longest, max(nextCheck - .now, .zero)).pollTime
  }

  // MARK: Endings

  private func stop() {
    for case .start(let transfer) in messages { queue.append(transfer) }
    messages = []
    for call in live.values {
      end(call, .failed(.shutDown(mayHaveReachedServer: call.mayHaveSent)))
    }
    while let transfer = queue.popFirst() {
      transfer.finish(.failed(.shutDown(mayHaveReachedServer: false)))
    }
    close()
  }

  private func close() {
    for easy in spare { easy.close() }
    spare = []
    multi.close()
  }

  /// libcurl's multi handle is broken: fails what runs and goes on with a new one.
  private func startAnew() {
    for call in live.values {
      let kind: TransportFailure.Kind = call.mayHaveSent ? .interrupted : .notSent
      end(call, .failed(TransportFailure(kind, "libcurl lost its connections.")))
    }
    guard let fresh = MultiHandle(maxConnections: settings.maxConnections) else {
      // Memory or descriptors are used up: not at full speed until they are back.
      usleep(50_000)
      return
    }
    let broken = multi
    multi = fresh
    engine.attach(fresh)
    broken.close()
  }
}

extension Duration {
  /// Whole milliseconds, rounded up, so that a wait does not end before its time.
  fileprivate var pollTime: CInt {
    let (seconds, attoseconds) = components
    return CInt(clamping: seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}

extension TransportFailure {
  fileprivate var beforeSending: TransportFailure {
    TransportFailure(kind, message, mayHaveReachedServer: false, underlying: underlying)
  }
}
