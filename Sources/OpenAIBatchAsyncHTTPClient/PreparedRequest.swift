// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import NIOHTTP1
internal import OpenAIBatchTransport

/// A request checked and laid out for AsyncHTTPClient, which reads a URL as Foundation does: whatever that would encode
/// or rewrite is refused.
struct PreparedRequest: Sendable {
  let url: String
  let method: HTTPMethod
  let headers: HTTPHeaders
  /// The host alone.
  let host: String
  /// Host and port, for messages.
  let authority: String
  let isSecure: Bool
  /// Whether the request allows an encoded response.
  let acceptsEncoding: Bool

  /// - Throws: Kind `invalid`, before anything is sent.
  init(_ request: TransportRequest) throws(TransportFailure) {
    let head = request.head
    guard let scheme = head.scheme?.lowercased(), scheme == "https" || scheme == "http" else {
      throw .invalid("The URL's scheme is neither https nor http.")
    }
    let authority = head.authority ?? ""
    guard let host = Self.host(of: authority) else {
      throw .invalid("The URL's host is missing, or has user information or a character that no host has.")
    }
    guard let path = head.path, path.utf8.first == UInt8(ascii: "/"), Self.isTarget(path) else {
      throw .invalid("The request target does not begin with / or has a character that must be encoded.")
    }
    switch head.method {
    case .connect, .trace:
      throw .invalid("The method \(head.method.rawValue) is not for requests to a service.")
    case .head where request.body.length != 0:
      throw .invalid("A HEAD request cannot have a body.")
    default:
      break
    }
    url = "\(scheme)://\(authority)\(path)"
    method = HTTPMethod(rawValue: head.method.rawValue)
    headers = try Self.headers(head, bodyLength: request.body.length)
    self.host = host
    self.authority = authority
    isSecure = scheme == "https"
    acceptsEncoding = head.headerFields.contains(.acceptEncoding)
  }

  private static func headers(
    _ head: HTTPRequest, bodyLength: Int64?
  ) throws(TransportFailure) -> HTTPHeaders {
    var headers = HTTPHeaders()
    headers.reserveCapacity(head.headerFields.count + 2)
    headers.add(name: "Host", value: head.authority ?? "")
    for field in head.headerFields where field.name.canonicalName != "host" {
      switch field.name {
      case .contentLength:
        guard let bodyLength, field.value == String(bodyLength) else {
          throw .invalid("The Content-Length header differs from the request body's length.")
        }
      case .transferEncoding:
        throw .invalid("The Transfer-Encoding header is the transport's own.")
      case .expect:
        continue
      default:
        let isValid = field.withUnsafeBytesOfValue { value in
          value.allSatisfy(\.isFieldByte) && String(validating: value, as: UTF8.self) != nil
        }
        guard isValid, field.name.rawName.first != ":" else {
          throw .invalid(
            "The header \(field.name.rawName) has a control character in its value, or is not UTF-8.")
        }
        headers.add(name: field.name.rawName, value: field.value)
      }
    }
    return headers
  }

  /// The host of `host:port` or `[address]:port`; `nil` when it is neither.
  private static func host(of authority: String) -> String? {
    guard authority.utf8.allSatisfy(\.isAuthorityByte) else { return nil }
    let host: Substring
    let port: Substring
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = authority[authority.index(after: authority.startIndex)..<end]
      port = authority[authority.index(after: end)...]
    } else {
      host = authority.prefix { $0 != ":" }
      port = authority[host.endIndex...]
    }
    let isPort =
      port.isEmpty
      || port.first == ":" && UInt16(port.dropFirst()) != nil && port.dropFirst().allSatisfy(\.isNumber)
    return host.isEmpty || !isPort || host.contains(where: { "[]".contains($0) }) ? nil : String(host)
  }

  /// Whether all characters are those of a path and a query by RFC 3986, with whole percent-encodings.
  private static func isTarget(_ target: String) -> Bool {
    var rest = Substring(target).utf8
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard let first = rest.popFirst(), let second = rest.popFirst(), first.isHexDigit, second.isHexDigit
        else { return false }
      } else if !byte.isTargetByte {
        return false
      }
    }
    return true
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default:
      false
    }
  }

  fileprivate var isTargetByte: Bool { isLetterOrDigit || "-._~!$&'()*+,;=:@/?".utf8.contains(self) }
}
#endif
