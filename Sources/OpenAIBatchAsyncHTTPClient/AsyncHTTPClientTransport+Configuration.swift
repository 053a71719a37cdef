// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
public import OpenAIBatchTransport

extension AsyncHTTPClientTransport {
  /// Connections, trust and proxy of an ``AsyncHTTPClientTransport``. Who needs more makes an `HTTPClient` and
  /// passes that.
  public struct Configuration: Sendable, Hashable {
    /// How many transfers run at once, each on a connection of its own; others wait, first in, first out. 64 by
    /// default, at least 1.
    public var maxConnections: Int
    /// Which certificate authorities are trusted.
    public var trust: TransportTrust
    /// How connections leave this host. A URL must have a port; it is `http://`, or `socks5://` without credentials.
    public var proxy: TransportProxy

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - maxConnections: How many transfers run at once.
    ///   - trust: Which certificate authorities are trusted.
    ///   - proxy: How connections leave this host.
    public init(
      maxConnections: Int = 64, trust: TransportTrust = .system, proxy: TransportProxy = .environment
    ) {
      self.maxConnections = maxConnections
      self.trust = trust
      self.proxy = proxy
    }
  }
}
#endif
