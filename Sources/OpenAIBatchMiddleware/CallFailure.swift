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
    /// The client is set up wrongly: a malformed key, say. Nothing was sent.
    case configuration(String)
    /// A middleware, or the credential's source, gave up with its own error.
    case middleware(any Error)
  }

  /// What happened.
  public var reason: Reason
  /// How many attempts were made.
  public var attempts: Int

  /// Creates a failure.
  public init(_ reason: Reason, attempts: Int = 1) {
    self.reason = reason
    self.attempts = attempts
  }

  /// Whether the server may have acted on the request. A status counts as an answer, not as a doubt.
  public var mayHaveReachedServer: Bool {
    switch reason {
    case .transport(let failure): failure.mayHaveReachedServer
    case .status: true
    case .configuration: false
    case .middleware: false
    }
  }

  static func cancelled(_ phase: String) -> CallFailure {
    CallFailure(.transport(TransportFailure(.cancelled, "Cancelled \(phase).", mayHaveReachedServer: false)))
  }
}
