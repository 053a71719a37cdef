// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchTransport

/// Why a call, or an attempt of it, failed, as middleware sees it. `BatchClient` turns it into its own error.
public struct CallFailure: Error, Sendable {
  /// The kinds of failure.
  public enum Reason: Sendable {
    /// No whole response came back.
    case transport(TransportFailure)
    /// The server answered with a status other than 2xx.
    case status(StatusFailure)
    /// The client is set up wrongly: a malformed key, say. This attempt was not sent.
    case configuration(String)
    /// A middleware, or the credential's source, gave up with its own error.
    case middleware(any Error)
  }

  /// What happened.
  public var reason: Reason
  /// How many attempts were made.
  public var attempts: Int
  /// Whether the server may have acted on one of the call's requests all the same: a response was lost, or
  /// left it open. Always false for reading.
  ///
  /// Set when the call is over, from what was sent and not from what a middleware made of it; false before.
  public internal(set) var isOutcomeUnknown = false

  /// Whether another attempt was due, and the retry budget had no room for it.
  public internal(set) var isRetryBudgetExhausted = false

  /// Creates a failure.
  public init(_ reason: Reason, attempts: Int = 1) {
    self.reason = reason
    self.attempts = attempts
  }

  static func cancelled(_ phase: String) -> CallFailure {
    CallFailure(.transport(TransportFailure(.cancelled, "Cancelled \(phase).", mayHaveReachedServer: false)))
  }

  static func timedOut(_ message: String) -> CallFailure {
    CallFailure(.transport(TransportFailure(.timedOut, message, mayHaveReachedServer: false)))
  }
}
