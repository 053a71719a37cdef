// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels

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
    updates(of: [id], polling: polling, timeout: timeout, options: options)
  }

  /// Looks at several batches until each has ended, with one poller: it reads pages of the list where that takes
  /// fewer requests than asking one by one.
  ///
  /// ```swift
  /// for try await update in client.updates(of: ids) where update.phase == .ended { collect(update.batch) }
  /// ```
  ///
  /// - Parameters:
  ///   - ids: The batches; one that is named twice is waited for once.
  ///   - polling: How often to ask.
  ///   - timeout: The longest wait; by default until one hour past each batch's expiry.
  ///   - options: What each poll's call does differently.
  public func updates(
    of ids: some Sequence<BatchID>, polling: Polling = .adaptive, timeout: Duration? = nil,
    options: CallOptions = CallOptions()
  ) -> BatchUpdates {
    BatchUpdates(client: self, ids: Array(ids), polling: polling, timeout: timeout, options: options)
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

  /// Makes every wait for a batch ask at once; call it from a webhook handler.
  public func wake(_ id: BatchID) {
    alarms.wake(id)
  }
}
