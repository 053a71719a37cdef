// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchTransport

extension CurlTransport {
  /// What one call took: times from its start, bytes and connection, as libcurl measured them.
  public struct Metrics: Sendable, Hashable {
    /// The request's ``TransportRequest/operation``.
    public let operation: String
    /// Host and port.
    public let authority: String
    /// The response's status; `nil` when none arrived.
    public let status: Int?
    /// How the call failed; `nil` when the response arrived whole.
    public let failure: TransportFailure.Kind?
    /// The protocol that was spoken, such as `HTTP/1.1`; `nil` when none was.
    public let httpVersion: String?
    /// Whether the request went on a connection that was there already.
    public let isConnectionReused: Bool
    /// The wait for a free connection, in the transport's own queue. All other times begin after it.
    public let queued: Duration
    /// Until the host's address was known; zero on a reused connection.
    public let nameLookup: Duration
    /// Until the connection to the host or the proxy was there; zero on a reused connection.
    public let connect: Duration
    /// Until the TLS handshake was done; zero without TLS and on a reused connection.
    public let secured: Duration
    /// Until the first byte of the response; zero when none arrived.
    public let firstByte: Duration
    /// Until the end.
    public let total: Duration
    /// Bytes of the request's body that were sent.
    public let sentBytes: Int64
    /// Bytes of the response's body that were received.
    public let receivedBytes: Int64

    /// Creates metrics; for tests of what takes them.
    public init(
      operation: String, authority: String, status: Int? = nil, failure: TransportFailure.Kind? = nil,
      httpVersion: String? = nil, isConnectionReused: Bool = false, queued: Duration = .zero,
      nameLookup: Duration = .zero, connect: Duration = .zero, secured: Duration = .zero,
      firstByte: Duration = .zero, total: Duration = .zero, sentBytes: Int64 = 0, receivedBytes: Int64 = 0
    ) {
      self.operation = operation
      self.authority = authority
      self.status = status
      self.failure = failure
      self.httpVersion = httpVersion
      self.isConnectionReused = isConnectionReused
      self.queued = queued
      self.nameLookup = nameLookup
      self.connect = connect
      self.secured = secured
      self.firstByte = firstByte
      self.total = total
      self.sentBytes = sentBytes
      self.receivedBytes = receivedBytes
    }
  }
}
