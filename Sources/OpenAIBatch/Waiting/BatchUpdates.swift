// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// A look at a batch while it runs.
public struct BatchUpdate: Sendable, Hashable {
  /// The batch as the service described it.
  public let batch: Batch
  /// Where it is in its life.
  public var status: BatchStatus { batch.status }
  /// How many requests ended how.
  public var requestCounts: RequestCounts { batch.requestCounts }
}

/// The states of a batch until it ends; the last one is terminal.
///
/// A poll that fails is made again at its next turn: the wait outlives outages. It ends with an error only when
/// the task is cancelled, the key is refused (401, 403), the batch stays unknown (404, for 15 s before the first
/// good answer, 60 s after one), or the timeout passes; the batch then runs on. Before the first good answer it
/// also ends when the client is set up wrongly: what cannot be sent, TLS that is not trusted, and another
/// refusal that lasts for 60 s.
public struct BatchUpdates: AsyncSequence, Sendable {
  /// A look at the batch.
  public typealias Element = BatchUpdate

  let client: BatchClient
  let id: BatchID
  let polling: Polling
  let timeout: Duration?
  let options: CallOptions

  /// Starts to wait.
  public func makeAsyncIterator() -> Iterator { Iterator(wait: self) }

  /// A wait under way.
  public struct Iterator: AsyncIteratorProtocol {
    private let wait: BatchUpdates
    private let alarm: WaitAlarm
    private let start: ContinuousClock.Instant
    private var last: Batch?
    private var isMissing = false
    private var missingSince: ContinuousClock.Instant?
    private var refusedSince: ContinuousClock.Instant?
    private var hint: Duration?
    private var isFirst = true
    private var isFinished = false

    init(wait: BatchUpdates) {
      self.wait = wait
      alarm = wait.client.alarms.alarm(for: wait.id)
      start = wait.client.configuration.clock.now()
    }

    /// The next look at the batch; `nil` after the terminal one.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(BatchClientError) -> BatchUpdate? {
      guard !isFinished else { return nil }
      do throws(BatchClientError) {
        while true {
          if !isFirst { try await pause() }
          isFirst = false
          guard let batch = try await poll() else { continue }
          isFinished = batch.status.isTerminal
          return BatchUpdate(batch: batch)
        }
      } catch {
        isFinished = true
        throw error
      }
    }

    /// The next look at the batch; `nil` after the terminal one.
    public mutating func next() async throws(BatchClientError) -> BatchUpdate? {
      try await next(isolation: nil)
    }

    nonisolated(nonsending) private mutating func poll() async throws(BatchClientError) -> Batch? {
      alarm.beginPoll()
      var options = wait.options
      // The wait asks again by itself, and later: a poll that is retried at once adds to an outage.
      options.retry = options.retry ?? RetryPolicy.none
      // The last poll comes when the time is over, and gets a second.
      let left = Swift.max(timeLeft(), .seconds(1))
      options.timeout = options.timeout.map { Swift.min($0, left) } ?? left
      do throws(BatchClientError) {
        let batch = try await wait.client.retrieveBatch(wait.id, options: options)
        (last, isMissing, missingSince, refusedSince, hint) = (batch, false, nil, nil, nil)
        return batch
      } catch {
        hint = error.retryAfter
        isMissing = error.kind == .notFound
        try check(error)
        return nil
      }
    }

    /// Throws the failure of a poll when it ends the wait.
    private mutating func check(_ error: BatchClientError) throws(BatchClientError) {
      let now = wait.client.configuration.clock.now()
      switch error.kind {
      case .cancelled, .unauthorized, .invalidRequest, .invalidConfiguration, .shutDown:
        throw error
      case .notFound:
        let since = missingSince ?? now
        missingSince = since
        if since.duration(to: now) >= (last == nil ? .seconds(15) : .seconds(60)) { throw error }
      case .insecure where last == nil:
        throw error
      case .rejected where last == nil && error.status != 408, .redirected where last == nil:
        let since = refusedSince ?? now
        refusedSince = since
        if since.duration(to: now) >= .seconds(60) { throw error }
      default:
        break
      }
    }

    nonisolated(nonsending) private func pause() async throws(BatchClientError) {
      let configuration = wait.client.configuration
      let clock = configuration.clock
      var delay = wait.polling.delay(after: start.duration(to: clock.now()), random: configuration.random())
      // A 404 that may pass within seconds is asked again soon.
      if isMissing { delay = Swift.min(delay, .seconds(3)) }
      if let hint { delay = Swift.max(delay, Swift.min(hint, .seconds(300))) }
      let left = timeLeft()
      guard left > .zero else { throw timedOut() }
      delay = Swift.min(delay, left)
      await alarm.sleep(for: delay, sleep: clock.sleep)
      if Task.isCancelled { throw .cancelled("waitUntilEnded") }
    }

    /// The time until the wait gives up: the caller's, or one hour past the batch's own expiry, or eight days
    /// when the provider names none.
    private func timeLeft() -> Duration {
      let clock = wait.client.configuration.clock
      if let timeout = wait.timeout { return timeout - start.duration(to: clock.now()) }
      guard let expiry = last?.expiresAt else {
        return .seconds(8 * 86_400) - start.duration(to: clock.now())
      }
      return .seconds(expiry.timeIntervalSince1970 + 3600 - clock.wallTime())
    }

    private func timedOut() -> BatchClientError {
      BatchClientError(
        .timedOut, operation: "waitUntilEnded",
        "The batch \(wait.id) has not ended in time (it is \(last?.status.rawValue ?? "unknown")). It runs on."
      )
    }
  }
}

@available(*, unavailable)
extension BatchUpdates.Iterator: Sendable {}

extension BatchClient {
  /// Looks at a batch until it ends.
  ///
  /// ```swift
  /// for try await update in client.updates(of: batch.id) { print(update.status, update.requestCounts) }
  /// ```
  ///
  /// - Parameters:
  ///   - id: The batch; any process that knows the id can wait for it.
  ///   - polling: How often to ask.
  ///   - timeout: The longest wait; by default until one hour past the batch's expiry.
  ///   - options: What each poll's call does differently.
  public func updates(
    of id: BatchID, polling: Polling = .adaptive, timeout: Duration? = nil,
    options: CallOptions = CallOptions()
  ) -> BatchUpdates {
    BatchUpdates(client: self, id: id, polling: polling, timeout: timeout, options: options)
  }

  /// Waits for the end of a batch, whatever it is: completed, failed, expired or cancelled.
  ///
  /// - Parameters:
  ///   - id: The batch.
  ///   - timeout: The longest wait; by default until one hour past the batch's expiry.
  ///   - polling: How often to ask.
  ///   - options: What each poll's call does differently.
  /// - Throws: ``BatchClientError``, never because of a status; kind `timedOut` when the batch runs on.
  @discardableResult
  public func waitUntilEnded(
    _ id: BatchID, timeout: Duration? = nil, polling: Polling = .adaptive,
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> Batch {
    var iterator = updates(of: id, polling: polling, timeout: timeout, options: options).makeAsyncIterator()
    while true {
      // The sequence ends with a terminal update or an error, never without one.
      guard let update = try await iterator.next() else { throw .cancelled("waitUntilEnded") }
      if update.status.isTerminal { return update.batch }
    }
  }

  /// Makes all who wait for a batch ask now: for a webhook handler.
  public func wake(_ id: BatchID) {
    alarms.wake(id)
  }
}
