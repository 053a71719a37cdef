// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// How a transport's connections leave this host. Prints without credentials.
public struct TransportProxy: Sendable, Hashable {
  private enum Choice: Sendable, Hashable {
    case environment
    case none
    case url(String)
  }

  /// What the requests of one scheme go through.
  package struct Route: Sendable, Hashable {
    /// The proxy's URL; empty for none.
    package let url: String
    /// Hosts that are reached without it, as in `NO_PROXY`.
    package let exceptions: String

    package init(url: String = "", exceptions: String = "") {
      self.url = url
      self.exceptions = exceptions
    }
  }

  private let choice: Choice

  /// What `https_proxy`, `HTTPS_PROXY`, `all_proxy` or `ALL_PROXY` say, but for the hosts in `no_proxy` or
  /// `NO_PROXY`; for plain http `http_proxy`, in lower case only, in place of the first two. Empty ones do not count.
  public static let environment = TransportProxy(choice: .environment)
  /// No proxy.
  public static let none = TransportProxy(choice: .none)
  /// This proxy for every host, such as `http://proxy.example:3128`; may contain credentials.
  public static func url(_ url: String) -> TransportProxy { TransportProxy(choice: .url(url)) }

  /// Why no request can be sent with it: kind `invalid`. The message does not repeat the URL, which may have a
  /// password.
  package var failure: TransportFailure? {
    guard case .url(let url) = choice else { return nil }
    let isPlausible = !url.isEmpty && url.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    return isPlausible ? nil : .invalid("The proxy's URL is empty or has a space or control character.")
  }

  /// What requests go through in an environment.
  package func route(isSecure: Bool, environment: [String: String]) -> Route {
    func first(_ names: String...) -> String {
      names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    }
    switch choice {
    case .environment:
      let url =
        isSecure
        ? first("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        : first("http_proxy", "all_proxy", "ALL_PROXY")
      return Route(url: url, exceptions: first("no_proxy", "NO_PROXY"))
    case .none: return Route()
    case .url(let url): return Route(url: url)
    }
  }
}

extension TransportProxy: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// `environment`, `none`, or the proxy's URL without its credentials.
  public var description: String {
    switch choice {
    case .environment: "environment"
    case .none: "none"
    case .url(let url): url.redactingCredentials
    }
  }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows what ``description`` shows.
  public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
