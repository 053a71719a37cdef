// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import OpenAIBatchTransport

/// Which proxy leads to which host.
struct ProxyRules: Sendable {
  private let secure: TransportProxy.Route
  private let plain: TransportProxy.Route
  /// Why no request can be sent.
  let failure: TransportFailure?

  init(_ proxy: TransportProxy, environment: [String: String]) {
    failure = proxy.failure
    secure = proxy.route(isSecure: true, environment: environment)
    plain = proxy.route(isSecure: false, environment: environment)
  }

  /// The URL of the proxy for a host; `nil` for none.
  func proxy(forHost host: String, isSecure: Bool) -> String? {
    let route = isSecure ? secure : plain
    guard !route.url.isEmpty, route.exceptions != "*" else { return nil }
    let host = host.lowercased()
    let exceptions = route.exceptions.lowercased().split { $0 == "," || $0.isWhitespace }
    return exceptions.contains { ProxyException($0)?.covers(host) == true } ? nil : route.url
  }
}

extension HTTPClient.Configuration.Proxy {
  /// Reads `http://user:password@host:port` or `socks5://host:port`.
  ///
  /// - Throws: Kind `invalid`; the message does not repeat the URL, which may contain a password.
  init(url: String) throws(TransportFailure) {
    let schemeEnd = url.firstRange(of: "://")
    let scheme = schemeEnd.map { url[..<$0.lowerBound].lowercased() } ?? "http"
    var rest = url[(schemeEnd?.upperBound ?? url.startIndex)...]
    if rest.last == "/" { rest.removeLast() }
    let at = rest.lastIndex(of: "@")
    let address = at.map { rest[rest.index(after: $0)...] } ?? rest
    let colon = address.lastIndex(of: ":")
    guard let colon, let port = Int(address[address.index(after: colon)...]), (1...65_535).contains(port),
      let host = Self.host(address[..<colon])
    else {
      throw .invalid("The proxy's URL is not of the form http://host:port.")
    }
    switch (scheme, at) {
    case ("http", nil):
      self = .server(host: host, port: port)
    case ("http", let at?):
      let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let password = parts.count > 1 ? Self.decoded(parts[1]) : ""
      self = .server(
        host: host, port: port,
        authorization: .basic(username: Self.decoded(parts[0]), password: password))
    case ("socks5", nil), ("socks5h", nil), ("socks", nil):
      self = .socksServer(host: host, port: port)
    default:
      throw .invalid("The proxy is neither http:// nor socks5:// without credentials.")
    }
  }

  private static func host(_ text: Substring) -> String? {
    let host = text.first == "[" && text.last == "]" ? text.dropFirst().dropLast() : text
    let isPlausible = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/@[]?#".utf8.contains($0) }
    return host.isEmpty || !isPlausible ? nil : String(host)
  }

  /// The text without its percent-encoding.
  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Substring(text).utf8
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = UInt8(Substring(rest.prefix(2)), radix: 16), rest.count >= 2 {
        bytes.append(value)
        rest.removeFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
#endif
