// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
extension AsyncHTTPClientTransport {
  /// Connections, trust and proxy of an ``AsyncHTTPClientTransport``. Who needs more makes an `HTTPClient` and
  /// passes that.
  public struct Configuration: Sendable, Hashable {
    /// How many transfers run at once, each on a connection of its own; others wait, first in, first out. 64 by
    /// default, at least 1.
    public var maxConnections: Int
    /// Which certificate authorities are trusted.
    public var trust: Trust
    /// How connections leave this host.
    public var proxy: Proxy

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - maxConnections: How many transfers run at once.
    ///   - trust: Which certificate authorities are trusted.
    ///   - proxy: How connections leave this host.
    public init(maxConnections: Int = 64, trust: Trust = .system, proxy: Proxy = .environment) {
      self.maxConnections = maxConnections
      self.trust = trust
      self.proxy = proxy
    }
  }

  /// Which certificate authorities are trusted. Certificates and host names are always verified.
  public enum Trust: Sendable, Hashable {
    /// The bundle that `SSL_CERT_FILE` names, when it is set, else the system's.
    case system
    /// A PEM file with one or more certificates, in place of the system's. `SSL_CERT_FILE`, when set, replaces
    /// it.
    case file(String)
  }

  /// How connections leave this host. Prints without credentials.
  public struct Proxy: Sendable, Hashable {
    enum Choice: Sendable, Hashable {
      case environment
      case none
      case url(String)
    }
    let choice: Choice

    /// What `https_proxy`, `HTTPS_PROXY`, `all_proxy` or `ALL_PROXY` say, but for the hosts in `no_proxy` or
    /// `NO_PROXY`; for plain http `http_proxy`, in lower case only.
    public static let environment = Proxy(choice: .environment)
    /// No proxy.
    public static let none = Proxy(choice: .none)
    /// This proxy for every host: `http://proxy.example:3128`, or `socks5://` likewise. The port is needed. An http
    /// proxy's URL may contain credentials.
    public static func url(_ url: String) -> Proxy { Proxy(choice: .url(url)) }
  }
}

extension AsyncHTTPClientTransport.Proxy: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// `environment`, `none`, or the proxy's URL without its credentials.
  public var description: String {
    switch choice {
    case .environment: return "environment"
    case .none: return "none"
    case .url(let url):
      guard let at = url.lastIndex(of: "@") else { return url }
      let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
      return start <= at ? "\(url[..<start])<redacted>\(url[at...])" : "<redacted>"
    }
  }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows what ``description`` shows.
  public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
#endif
