// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels

/// The states of one batch or several until each has ended; a batch's last update is the terminal one.
///
/// A poll that fails is made again at its next turn: the wait outlives outages. It ends with an error only when
/// the task is cancelled, the key is refused (401, 403), a batch stays unknown (404, for 15 s before its first
/// good answer, 60 s after one) or is refused in another way for an hour before its first good answer, the timeout
/// passes, or nothing can be sent at all, because an id or the client's configuration is not valid or the transport
/// was shut down. The batches run on in each case. Of several batches
/// those that stay unknown or run out of time are set aside, and their error comes when the others have ended.
public struct BatchUpdates: AsyncSequence, Sendable {
  /// A look at a batch.
  public typealias Element = BatchUpdate

  let client: BatchClient
  let ids: [BatchID]
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
    private var pending: [WaitingBatch]
    private var poll = BatchPoll()
    private var updates: ArraySlice<BatchUpdate> = []
    private var failures: [BatchClientError] = []
    /// What ends the whole wait, once the updates that were found with it are delivered.
    private var end: BatchClientError?
    private var hint: Duration?
    private var isOutage = false
    private var isFirst = true
    private var isFinished = false

    init(wait: BatchUpdates) {
      self.wait = wait
      alarm = wait.client.alarms.alarm(for: wait.ids)
      start = wait.client.configuration.clock.now()
      var seen: Set<BatchID> = []
      pending = wait.ids.filter { seen.insert($0).inserted }.map(WaitingBatch.init)
    }

    /// The next look at a batch; `nil` after the last terminal one.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(BatchClientError) -> BatchUpdate? {
      guard !isFinished else { return nil }
      do throws(BatchClientError) {
        while updates.isEmpty {
          if let end { throw end }
          guard !pending.isEmpty else {
            isFinished = true
            if let failure { throw failure }
            return nil
          }
          if !isFirst { try await pause() }
          isFirst = false
          try await look()
        }
        return updates.popFirst()
      } catch {
        isFinished = true
        throw error
      }
    }

    /// The next look at a batch; `nil` after the last terminal one.
    public mutating func next() async throws(BatchClientError) -> BatchUpdate? {
      try await next(isolation: nil)
    }

    /// Polls all that are waited for.
    nonisolated(nonsending) private mutating func look() async throws(BatchClientError) {
      alarm.beginPoll()
      hint = nil
      var options = wait.options
      // The wait asks again by itself, and later: a poll that is retried at once adds to an outage.
      options.retry = options.retry ?? RetryPolicy.none
      let clock = wait.client.configuration.clock
      // The last poll comes when the time is over, and gets a second.
      let left = Swift.max(longestWait, .seconds(1))
      let deadline = clock.now().advanced(by: options.timeout.map { Swift.min($0, left) } ?? left)
      let answers = await poll.ask(about: pending.map(\.id), wait.client, options, until: deadline)
      var found: [BatchUpdate] = []
      for index in pending.indices {
        switch answers[pending[index].id] {
        case .success(let batch):
          found.append(pending[index].update(batch, now: clock.now(), wallTime: clock.wallTime()))
        case .failure(let error):
          hint = [hint, error.retryAfter].compactMap(\.self).max()
          do throws(BatchClientError) {
            if let final = try pending[index].check(error, now: clock.now()) { failures.append(final) }
          } catch {
            // What this look has found comes first.
            end = error
          }
        case nil:
          break
        }
      }
      pending.removeAll(where: \.isOver)
      updates = found[...]
      if let end, found.isEmpty { throw end }
      noteOutage(answers.values.compactMap(\.failure).first, isOver: !found.isEmpty)
    }

    /// Says once that the polls fail, and that they work again: a wait is silent otherwise.
    private mutating func noteOutage(_ error: BatchClientError?, isOver: Bool) {
      guard let logger = wait.client.configuration.logger else { return }
      if let error, !isOver, !isOutage {
        isOutage = true
        var metadata: Logger.Metadata = ["operation": "\(error.operation)", "failure": "\(error.kind)"]
        metadata["status"] = error.status.map { "\($0)" }
        logger.notice("polls fail; the wait goes on", metadata: metadata)
      } else if isOver, isOutage {
        isOutage = false
        logger.notice("polls are answered again")
      }
    }

    nonisolated(nonsending) private mutating func pause() async throws(BatchClientError) {
      setAsideTheOverdue()
      guard !pending.isEmpty else { return }
      let configuration = wait.client.configuration
      let clock = configuration.clock
      var delay = wait.polling.delay(after: start.duration(to: clock.now()), random: configuration.random())
      // A 404 that may pass within seconds is asked again soon.
      if pending.contains(where: \.isMissing) { delay = Swift.min(delay, .seconds(3)) }
      delay = Swift.min(delay, longestWait)
      if let hint {
        // Nobody wakes a wait before the time that the server asked for; many of them are spread behind it.
        let asked = Swift.min(
          RetryHint.wait(for: hint, random: configuration.random()), .seconds(300), longestWait)
        do {
          try await clock.sleep(asked)
        } catch {
          throw .cancelled("waitUntilEnded")
        }
        delay -= asked
        guard delay > .zero else { return }
      }
      await alarm.sleep(for: delay, sleep: clock.sleep)
      if Task.isCancelled { throw .cancelled("waitUntilEnded") }
    }

    private mutating func setAsideTheOverdue() {
      let clock = wait.client.configuration.clock
      for index in pending.indices where pending[index].timeLeft(wait.timeout, since: start, clock) <= .zero {
        failures.append(pending[index].timedOut())
      }
      pending.removeAll(where: \.isOver)
    }

    /// The first failure, which names the other batches that were set aside.
    private var failure: BatchClientError? {
      guard var failure = failures.first else { return nil }
      let others = failures.count - 1
      if others > 0 {
        failure.message += " The same or another failure ended the wait for \(others) more of the batches."
      }
      return failure
    }

    /// The time until the last batch's is over.
    private var longestWait: Duration {
      let clock = wait.client.configuration.clock
      return pending.map { $0.timeLeft(wait.timeout, since: start, clock) }.max() ?? .zero
    }
  }
}

@available(*, unavailable)
extension BatchUpdates.Iterator: Sendable {}

extension Result {
  fileprivate var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
