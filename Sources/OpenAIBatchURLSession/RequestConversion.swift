// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation
internal import OpenAIBatchTransport

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

extension URLRequest {
  /// Turns a request into one that `URLSession` sends unchanged.
  ///
  /// - Parameters:
  ///   - request: The request. Fields that frame the message or manage the connection are the session's to set and
  ///     are left out.
  ///   - keepsConnection: Whether the connection may serve a later request.
  /// - Throws: Kind `invalid` for what would go out differently from what was asked.
  init(_ request: TransportRequest, keepsConnection: Bool) throws(TransportFailure) {
    let head = request.head
    let url = try Self.url(of: head)
    if head.method == .get || head.method == .head, request.body.length != 0 {
      throw TransportFailure(
        .invalid, "URLSession cannot send a \(head.method.rawValue) request with a body.")
    }
    guard head.method != .connect, head.method != .trace else {
      throw TransportFailure(.invalid, "The method \(head.method.rawValue) is not for requests to a service.")
    }
    if let declared = head.headerFields[.contentLength], declared != request.body.length.map(String.init) {
      throw TransportFailure(
        .invalid, "The Content-Length header differs from the request body's length.")
    }
    guard head.headerFields[.transferEncoding] == nil else {
      throw TransportFailure(.invalid, "The Transfer-Encoding header is the transport's own.")
    }
    // The transport's own deadlines come first; on Linux fractions of a second would be cut off.
    let silence = max(request.timeouts.idle, request.timeouts.connect).components.seconds
    self.init(
      url: url, cachePolicy: .reloadIgnoringLocalCacheData,
      timeoutInterval: TimeInterval(min(max(silence, 1), 1_000_000) + 5))
    httpMethod = head.method.rawValue
    httpShouldHandleCookies = false

    var fields: [String: String] = [:]
    for field in head.headerFields where !Self.ownFields.contains(field.name) {
      guard HTTPField.isValidValue(field.value) else {
        throw TransportFailure(
          .invalid, "The value of the request's field \(field.name) is not allowed in HTTP.")
      }
      let name = field.name.canonicalName
      fields[name] = fields[name].map { $0 + ", " + field.value } ?? field.value
    }
    // Foundation on Linux cannot notice that a compressed body was cut.
    if fields["accept-encoding"] == nil { fields["accept-encoding"] = "identity" }
    if fields["user-agent"] == nil { fields["user-agent"] = "swift-openai-batch" }
    if fields["accept-language"] == nil { fields["accept-language"] = Self.noLanguage }
    if !keepsConnection { fields["connection"] = "close" }
    for (name, value) in fields { setValue(value, forHTTPHeaderField: name) }
  }

  private static let ownFields: Set<HTTPField.Name> = [
    .connection, .contentLength, .transferEncoding, .expect, .upgrade,
  ]

  #if canImport(FoundationNetworking)
  /// Foundation would add the locale's language; libcurl leaves out a field whose value is blank.
  private static let noLanguage = " "
  #else
  private static let noLanguage = "*"
  #endif

  private static func url(of head: HTTPRequest) throws(TransportFailure) -> URL {
    guard let scheme = head.scheme?.lowercased(), scheme == "https" || scheme == "http" else {
      throw TransportFailure(.invalid, "The request's scheme is neither https nor http.")
    }
    guard let authority = head.authority, !authority.isEmpty, authority.utf8.allSatisfy(isAuthorityByte)
    else {
      throw TransportFailure(.invalid, "The request's authority is not a host with an optional port.")
    }
    guard let path = head.path, path.hasPrefix("/"), path.utf8.allSatisfy(isTargetByte) else {
      throw TransportFailure(.invalid, "The request's path is not an absolute path of URL characters.")
    }
    let segments = path.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
    guard !segments.contains(where: { $0 == "." || $0 == ".." }) else {
      throw TransportFailure(
        .invalid, "The request's path has a dot segment, which would not be sent as it is.")
    }
    let text = "\(scheme)://\(authority)\(path)"
    guard let url = URL(string: text, encodingInvalidCharacters: false), url.absoluteString == text,
      url.host != nil
    else {
      throw TransportFailure(.invalid, "The request's URL is not one.")
    }
    return url
  }

  private static func isAuthorityByte(_ byte: UInt8) -> Bool {
    byte.isAuthorityByte || byte == UInt8(ascii: "%")
  }

  private static func isTargetByte(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "#")
  }
}

extension ResponseHead {
  /// Reads a response of the session.
  init(_ response: HTTPURLResponse, method: HTTPRequest.Method) throws(TransportFailure) {
    var fields: [(name: String, value: String)] = []
    for (name, value) in response.allHeaderFields {
      guard let name = name as? String, let value = value as? String else { continue }
      fields.append((name, value))
    }
    try self.init(status: response.statusCode, fields: fields, method: method)
  }
}
