// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// What one transfer has seen, and what follows from each event.
///
/// A value without locks, clocks, tasks or continuations: events and the time come in, actions go out.
struct TransferState {
  typealias Instant = ContinuousClock.Instant

  /// What the owner must do after an event.
  enum Action: Equatable {
    /// The response's head, or the failure in its place, can be taken.
    case wakeHead
    /// Bytes, the end or a failure can be taken.
    case wakeReader
    /// The network task must end.
    case cancelTask
    /// The network task must pause, because the reader lags.
    case suspendTask
    /// The network task must go on.
    case resumeTask
  }

  /// What is fixed when the transfer is made.
  struct Setup {
    /// The host, for messages.
    var host: String
    var timeouts: Timeouts
    /// How many bytes of request body will be sent.
    var bodyLength: Int64
    var spool: ResponseSpool.Limits
    /// Whether the network task can be paused. On Linux it cannot.
    var canSuspend: Bool
    var start: Instant
  }

  private enum Phase {
    case queued
    case running
    /// A deadline passed before any byte of the body was sent: whether the server can have a request is known
    /// when the task has ended, or not at all when that takes long.
    case expiring(TransportFailure, since: Instant)
    case completed
    case failed(TransportFailure)
  }

  private let setup: Setup
  private var phase = Phase.queued
  private var head: ResponseHead?
  private var spool: ResponseSpool
  private var sent: Int64 = 0
  private var received: Int64 = 0
  private var lastActivity: Instant
  private var isSuspended = false
  static let grace = Duration.seconds(1)
  static let resumeMark: Int64 = 2 << 20

  init(_ setup: Setup) {
    self.setup = setup
    spool = ResponseSpool(setup.spool)
    lastActivity = setup.start
  }

  /// Whether bytes of the request may have left, as far as is known.
  private var mayHaveSent: Bool {
    switch phase {
    case .queued: false
    default: true
    }
  }

  /// Whether nothing can happen on the network any more.
  var isOver: Bool {
    switch phase {
    case .completed, .failed: true
    case .queued, .running, .expiring: false
    }
  }

  // MARK: What can be taken

  /// The head, or why there is none; `nil` while it is awaited.
  func takeHead() -> Result<HTTPResponse, TransportFailure>? {
    if let head { return .success(head.response) }
    if case .failed(let failure) = phase { return .failure(failure) }
    return nil
  }

  /// The next bytes, the end or a failure; `nil` while they are awaited.
  mutating func takeChunk(
    at now: Instant
  ) -> (result: Result<ArraySlice<UInt8>?, TransportFailure>?, actions: [Action]) {
    do {
      if let chunk = try spool.popFirst() {
        guard isSuspended, spool.count <= Self.resumeMark else { return (.success(chunk), []) }
        isSuspended = false
        lastActivity = now
        return (.success(chunk), [.resumeTask])
      }
    } catch {
      let failure = Self.failure(error)
      return (.failure(failure), fail(failure))
    }
    switch phase {
    case .completed: return (.success(nil), [])
    case .failed(let failure): return (.failure(failure), [])
    case .queued, .running, .expiring: return (nil, [])
    }
  }

  // MARK: Events

  /// A connection slot is free; `false` when the transfer is over already.
  mutating func start(at now: Instant) -> Bool {
    guard case .queued = phase else { return false }
    phase = .running
    lastActivity = now
    return true
  }

  /// Bytes of the request body went out; `total` of them so far.
  mutating func didSend(total: Int64, at now: Instant) {
    sent = max(sent, total)
    lastActivity = now
  }

  /// An interim response came: the server is there.
  mutating func didReceiveInterim(at now: Instant) {
    lastActivity = now
  }

  /// The response's head arrived; a failure means that it is not acceptable.
  mutating func didReceive(head result: Result<ResponseHead, TransportFailure>, at now: Instant) -> [Action] {
    lastActivity = now
    guard case .running = phase, head == nil else { return [] }
    switch result {
    case .success(let received):
      head = received
      return [.wakeHead]
    case .failure(let failure):
      return fail(failure)
    }
  }

  /// Bytes of the response body arrived.
  mutating func didReceive(_ bytes: [UInt8], at now: Instant) -> [Action] {
    lastActivity = now
    guard case .running = phase, let head, head.length != .none else { return [] }
    received += Int64(bytes.count)
    do {
      try spool.append(bytes)
    } catch {
      return fail(Self.failure(error))
    }
    guard setup.canSuspend, !isSuspended, spool.count >= Int64(setup.spool.memory) else {
      return [.wakeReader]
    }
    isSuspended = true
    return [.wakeReader, .suspendTask]
  }

  /// libcurl wants the request body from its start: a reused connection died, and the request would go out a
  /// second time.
  mutating func didLoseConnection() -> [Action] {
    guard case .running = phase else { return [] }
    return fail(
      TransportFailure(.interrupted, "The connection to \(setup.host) closed before a response came."))
  }

  /// The network task ended.
  ///
  /// - Parameter error: What it reported, sorted by ``SessionFailure``.
  mutating func didComplete(_ error: SessionFailure?) -> [Action] {
    switch phase {
    case .completed, .failed:
      return []
    case .expiring(let failure, _):
      phase = .failed(sent == 0 ? failure : failure.asTimedOut)
      return [.wakeHead, .wakeReader]
    case .queued, .running:
      break
    }
    let failure: TransportFailure?
    if let error {
      failure = error.transportFailure(host: setup.host, sawResponse: head != nil, sentBody: sent > 0)
    } else if let head {
      failure = shortfall(head)
    } else {
      failure = TransportFailure(.interrupted, "\(setup.host) ended the exchange without a response.")
    }
    phase = failure.map { .failed($0) } ?? .completed
    return [.wakeHead, .wakeReader]
  }

  private func shortfall(_ head: ResponseHead) -> TransportFailure? {
    guard case .exact(let expected) = head.length, received != expected else { return nil }
    return TransportFailure(
      .truncated, "\(setup.host) sent \(received) of the \(expected) bytes that it had announced.")
  }

  /// The caller's task was cancelled.
  mutating func cancel() -> [Action] {
    abort(.cancelled(mayHaveReachedServer: mayHaveSent))
  }

  /// The transport was shut down.
  mutating func shutDown() -> [Action] {
    abort(.shutDown(mayHaveReachedServer: mayHaveSent))
  }

  /// Nobody will read on.
  mutating func abandon() -> [Action] {
    spool.removeAll()
    guard !isOver else { return [] }
    return abort(TransportFailure(.cancelled, "The response body was dropped."))
  }

  /// Ends at once, what was received included.
  private mutating func abort(_ failure: TransportFailure) -> [Action] {
    if case .failed = phase { return [] }
    let wasOver = isOver
    spool.removeAll()
    phase = .failed(failure)
    return wasOver ? [.wakeReader] : [.wakeHead, .wakeReader, .cancelTask]
  }

  /// Ends a transfer that cannot be started.
  mutating func refuse(_ failure: TransportFailure) -> [Action] { fail(failure) }

  /// Ends the transfer; what was received can still be read.
  private mutating func fail(_ failure: TransportFailure) -> [Action] {
    guard !isOver else { return [] }
    phase = .failed(failure)
    return [.wakeHead, .wakeReader, .cancelTask]
  }

  private static func failure(_ error: ResponseSpool.Failure) -> TransportFailure {
    switch error {
    case .full(let limit):
      TransportFailure(.tooLarge, "More than \(limit) bytes of the response wait to be read.")
    case .file(let cause):
      TransportFailure(.tooLarge, "The response could not be kept until it is read.", underlying: cause)
    }
  }

  // MARK: Deadlines

  /// When ``deadlineReached(at:)`` must be called next; `nil` for never.
  var nextDeadline: Instant? {
    switch phase {
    case .completed, .failed: nil
    case .expiring(_, let since): since + Self.grace
    case .queued, .running: deadlines.map(\.instant).min()
    }
  }

  private enum Limit { case connect, idle, total }

  private var deadlines: [(limit: Limit, instant: Instant)] {
    var deadlines: [(Limit, Instant)] = []
    if let total = setup.timeouts.total { deadlines.append((.total, setup.start + total)) }
    guard case .running = phase else { return deadlines }
    if !isSuspended { deadlines.append((.idle, lastActivity + setup.timeouts.idle)) }
    if isUnsent { deadlines.append((.connect, lastActivity + setup.timeouts.connect)) }
    return deadlines
  }

  /// Whether there is a body and none of it was taken: only then the session tells connecting from waiting.
  private var isUnsent: Bool { setup.bodyLength > 0 && sent == 0 && head == nil }

  /// Checks the deadlines against the time.
  mutating func deadlineReached(at now: Instant) -> [Action] {
    switch phase {
    case .completed, .failed:
      return []
    case .expiring(let failure, let since):
      guard now >= since + Self.grace else { return [] }
      phase = .failed(failure.asTimedOut)
      return [.wakeHead, .wakeReader]
    case .queued:
      guard deadlines.contains(where: { $0.instant <= now }) else { return [] }
      let waited = now - setup.start
      return fail(TransportFailure(.notSent, "No connection to \(setup.host) was free for \(waited)."))
    case .running:
      guard let passed = deadlines.filter({ $0.instant <= now }).min(by: { $0.instant < $1.instant })
      else { return [] }
      guard !isUnsent else {
        let failure = TransportFailure(
          .notSent, "Connecting to \(setup.host) took longer than \(now - lastActivity).")
        phase = .expiring(failure, since: now)
        return [.cancelTask]
      }
      return fail(TransportFailure(.timedOut, describe(passed.limit)))
    }
  }

  private func describe(_ limit: Limit) -> String {
    switch limit {
    case .connect, .idle: "Nothing was heard from \(setup.host) for \(setup.timeouts.idle)."
    case .total: "The exchange with \(setup.host) took longer than \(setup.timeouts.total ?? .zero)."
    }
  }
}

extension TransportFailure {
  /// The same, when it is not certain that nothing was sent.
  fileprivate var asTimedOut: TransportFailure { TransportFailure(.timedOut, message) }
}
