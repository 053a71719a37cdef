// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Why a request got no whole response.
public struct TransportFailure: Error, Sendable {
  /// The closed set of reasons. Only ``notSent``, ``interrupted``, ``timedOut`` and ``truncated`` are ever
  /// worth a retry.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Nothing reached the server: name resolution, connecting (its timeout too), no free descriptor.
    /// Always safe to send again.
    ///
    /// ## Troubleshooting
    /// Check the host name, the port, and that no firewall or proxy blocks the connection.
    case notSent
    /// The connection broke after something was sent. The server may have acted.
    case interrupted
    /// The response began and ended early: bytes are missing.
    case truncated
    /// A deadline passed after something was sent. The server may have acted.
    case timedOut
    /// TLS could not be trusted or agreed on. Nothing of the request was sent.
    ///
    /// ## Troubleshooting
    /// A company proxy with its own certificate authority needs `SSL_CERT_FILE` or the transport's `trust`.
    case insecure
    /// A proxy refused the connection. Nothing of the request reached the server.
    case proxy
    /// The response exceeds a limit of ours: header block, or collected body.
    case tooLarge
    /// The response is not HTTP as RFC 9110 and 9112 define it.
    case malformed
    /// The request or the transport's own set-up cannot work: a bad URL or header, a missing CA file.
    /// Nothing was sent.
    case invalid
    /// The request body's source failed, or gave fewer or more bytes than it declared; see
    /// ``TransportFailure/underlying``.
    case body
    /// The calling task was cancelled.
    case cancelled
    /// The transport was shut down, or belongs to the parent of this forked process.
    case shutDown
  }

  /// What happened.
  public let kind: Kind
  /// Whether the server may have received, and acted on, the request.
  public let mayHaveReachedServer: Bool
  /// What happened, in words: names the host and the phase, never a header's value.
  public let message: String
  /// The cause, where there is one: for kind `body` the source's own error.
  public let underlying: (any Error)?

  /// Creates a failure.
  ///
  /// - Parameters:
  ///   - kind: What happened.
  ///   - message: The same in words, without secrets.
  ///   - mayHaveReachedServer: By default what the kind implies: false for `notSent`, `insecure`, `proxy`,
  ///     `invalid` and `shutDown`, true for all others.
  ///   - underlying: The cause.
  public init(
    _ kind: Kind, _ message: String, mayHaveReachedServer: Bool? = nil, underlying: (any Error)? = nil
  ) {
    self.kind = kind
    self.message = message
    self.mayHaveReachedServer = mayHaveReachedServer ?? kind.impliesServerContact
    self.underlying = underlying
  }
}

extension TransportFailure: CustomStringConvertible {
  /// The kind, the message and the cause.
  public var description: String {
    let cause = underlying.map { " (\($0))" } ?? ""
    return "\(kind.rawValue): \(message)\(cause)"
  }
}

extension TransportFailure.Kind {
  fileprivate var impliesServerContact: Bool {
    switch self {
    case .notSent, .insecure, .proxy, .invalid, .shutDown: false
    case .interrupted, .truncated, .timedOut, .tooLarge, .malformed, .body, .cancelled: true
    }
  }
}

extension TransportFailure {
  package static func invalid(_ message: String) -> TransportFailure { TransportFailure(.invalid, message) }

  package static func cancelled(mayHaveReachedServer: Bool) -> TransportFailure {
    TransportFailure(.cancelled, "The task was cancelled.", mayHaveReachedServer: mayHaveReachedServer)
  }

  package static func shutDown(mayHaveReachedServer: Bool) -> TransportFailure {
    TransportFailure(
      .shutDown, "The transport was shut down.", mayHaveReachedServer: mayHaveReachedServer)
  }

  /// A second task reads a body while the first one waits for more of it.
  package static var concurrentRead: TransportFailure {
    TransportFailure(
      .invalid, "The response body is already being read by another task.", mayHaveReachedServer: true)
  }
}
