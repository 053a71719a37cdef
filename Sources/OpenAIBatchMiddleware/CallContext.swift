// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What a middleware knows about the call besides the request.
public struct CallContext: Sendable {
  /// The operation's name, such as `createBatch`.
  public let operation: String
  /// What repeating the operation would do.
  public let effect: Effect
  /// The number of this attempt, counted from 1; 1 outside of the retry loop.
  public internal(set) var attempt = 1
  /// When the whole call, with its retries and waits, must be over; `nil` for never.
  public let deadline: ContinuousClock.Instant?
  /// This call's own retry policy, in place of the client's.
  package let retry: RetryPolicy?
  /// The most bytes of a successful response to read inside the attempt, so that a body that breaks off can be
  /// retried; `nil` for a response that the caller streams.
  package let collectLimit: Int?

  /// Creates a context, for tests of a middleware.
  public init(
    operation: String, effect: Effect, attempt: Int = 1, deadline: ContinuousClock.Instant? = nil
  ) {
    self.init(operation: operation, effect: effect, deadline: deadline, retry: nil, collectLimit: nil)
    self.attempt = attempt
  }

  package init(
    operation: String, effect: Effect, deadline: ContinuousClock.Instant?, retry: RetryPolicy?,
    collectLimit: Int?
  ) {
    self.operation = operation
    self.effect = effect
    self.deadline = deadline
    self.retry = retry
    self.collectLimit = collectLimit
  }
}

/// What repeating an operation does when nobody knows whether the first request arrived.
public enum Effect: String, Sendable, Hashable, CaseIterable {
  /// Nothing: reading.
  case safe
  /// The same state as once: deleting, cancelling.
  case idempotent
  /// A second copy that wastes space and harms nothing: uploading.
  case duplicable
  /// A second batch that is paid for: creating. Never repeated on doubt.
  case creates
}
