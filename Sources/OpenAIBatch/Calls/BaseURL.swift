// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// The address under which all operations live; every request is checked to stay under it.
struct BaseURL: Sendable, Hashable {
  let address: WebAddress

  init(_ text: String, allowInsecureHTTP: Bool) throws(BatchClientError) {
    do throws(WebAddress.Problem) {
      address = try WebAddress(text)
    } catch {
      throw Self.problem("\(error)")
    }
    guard address.scheme == "https" || address.isLoopback || allowInsecureHTTP else {
      throw Self.problem(
        "is plain http to \(address.authority): the key would travel in the clear. "
          + "Use https, or allow it by name: allowInsecureHTTP, and --allow-http on the command line")
    }
    guard !PathSegment.hasDotSegment(address.path) else { throw Self.problem("has a . or .. segment") }
    guard Self.hasWholeEscapes(text) else { throw Self.problem("has a % that begins no escape") }
  }

  // The URL itself is not repeated: its query may hold a secret.
  private static func problem(_ text: String) -> BatchClientError {
    BatchClientError(.invalidConfiguration, operation: "configuration", "The base URL \(text).")
  }

  private static func hasWholeEscapes(_ text: String) -> Bool {
    text.split(separator: "%", omittingEmptySubsequences: false).dropFirst().allSatisfy { rest in
      rest.prefix(2).count == 2 && rest.prefix(2).allSatisfy(\.isHexDigit)
    }
  }

  /// The query's items as they stand in the address.
  var queryItems: [(name: String, value: String)] {
    (address.query ?? "").split(separator: "&").map { item in
      let name = item.prefix { $0 != "=" }
      return (String(name), String(item.dropFirst(name.count + 1)))
    }
  }

  /// A request's head for a path and query below the base.
  func head(
    _ method: HTTPRequest.Method, path: String, query: [(name: String, value: String)]
  ) -> HTTPRequest {
    var target = address.path + path
    var separator = "?"
    func append(_ item: String) {
      target += separator + item
      separator = "&"
    }
    if let own = address.query, !own.isEmpty { append(own) }
    for item in query { append("\(PathSegment.encode(item.name))=\(PathSegment.encode(item.value))") }
    return HTTPRequest(
      method: method, scheme: address.scheme, authority: address.authority, path: target)
  }

  /// Whether a request still goes to this base: checked after building, whatever built it.
  func contains(_ head: HTTPRequest) -> Bool {
    guard head.scheme == address.scheme, head.authority == address.authority, let path = head.path else {
      return false
    }
    return path.hasPrefix(address.path)
      && path.utf8.dropFirst(address.path.utf8.count).first == UInt8(ascii: "/")
  }
}
