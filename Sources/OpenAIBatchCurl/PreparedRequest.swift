// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// A request checked and laid out for libcurl: made on the caller's thread, read on the engine's.
struct PreparedRequest: Sendable {
  /// How libcurl is asked for the method and the body.
  enum Shape: Sendable, Equatable {
    /// No body, none expected: GET, and any other method under its own name.
    case plain
    /// As `plain`, and the response has no body.
    case head
    /// A body of this many bytes, or chunked where it is `nil`.
    case upload(length: Int64?)
  }

  /// The URL, ended by NUL.
  let url: [UInt8]
  /// The method, ended by NUL, where libcurl would not choose it by itself.
  let customMethod: [UInt8]?
  let shape: Shape
  /// Header lines in libcurl's form, each ended by NUL.
  let headerLines: [UInt8]
  let headerCount: Int
  /// libcurl sends a request without a body a second time when a reused connection is dead, whatever its
  /// method; only a fresh connection prevents it.
  let needsFreshConnection: Bool
  let isSecure: Bool
  /// Whether libcurl may send the request a second time, on another connection.
  let mayBeRepeated: Bool
  let expectsLongResponse: Bool

  /// Whether it differs from others of its kind only in the URL, the header and the timeouts.
  var isPlainGet: Bool { shape == .plain && customMethod == nil && !expectsLongResponse }

  /// - Throws: Kind `invalid`, before anything is sent.
  init(_ request: TransportRequest) throws(TransportFailure) {
    let head = request.head
    let method = head.method
    expectsLongResponse = request.expectsLongResponse
    isSecure = try Self.isSecure(head.scheme)
    url = try Self.url(head)
    let hasBody = request.body.length != 0
    switch method {
    case .get where !hasBody:
      shape = .plain
      customMethod = nil
    case .head:
      guard !hasBody else { throw .invalid("A HEAD request cannot have a body.") }
      shape = .head
      customMethod = nil
    case .connect, .trace:
      throw .invalid("The method \(method.rawValue) is not for requests to a service.")
    case .post, .put, .patch:
      shape = .upload(length: request.body.length)
      customMethod = method == .post ? nil : Array(method.rawValue.utf8) + [0]
    default:
      shape = hasBody ? .upload(length: request.body.length) : .plain
      customMethod = Array(method.rawValue.utf8) + [0]
    }
    mayBeRepeated = !hasBody && (method == .get || method == .head)
    needsFreshConnection = !hasBody && !mayBeRepeated
    var lines = HeaderLines()
    for field in head.headerFields {
      switch field.name {
      case .contentLength:
        guard let length = request.body.length, field.value == String(length) else {
          throw .invalid("The Content-Length header differs from the request body's length.")
        }
      case .transferEncoding:
        throw .invalid("The Transfer-Encoding header is the transport's own.")
      case .expect:
        continue
      default:
        try lines.append(field)
      }
    }
    if head.headerFields[.acceptEncoding] == nil { lines.append(line: "Accept-Encoding: identity") }
    if case .upload(let length) = shape {
      // Waiting for "100 Continue" costs a second with each server that does not know it.
      lines.remove("Expect")
      if head.headerFields[.contentType] == nil { lines.remove("Content-Type") }
      if length == nil { lines.append(line: "Transfer-Encoding: chunked") }
    }
    headerLines = lines.bytes
    headerCount = lines.count
    guard url.count + headerLines.count <= Self.maximumHeadLength else {
      throw .invalid("The request's URL and header have more than \(Self.maximumHeadLength) bytes.")
    }
  }

  /// libcurl sends heads of up to 1 MiB, and says of longer ones that memory is used up.
  private static let maximumHeadLength = 512 << 10

  private static func isSecure(_ scheme: String?) throws(TransportFailure) -> Bool {
    switch scheme?.lowercased() {
    case "https": return true
    case "http": return false
    default: throw .invalid("The URL's scheme is neither https nor http.")
    }
  }

  private static func url(_ head: HTTPRequest) throws(TransportFailure) -> [UInt8] {
    let (scheme, authority, path) = (head.scheme ?? "", head.authority ?? "", head.path ?? "")
    var url: [UInt8] = []
    url.reserveCapacity(scheme.utf8.count + authority.utf8.count + path.utf8.count + 4)
    url.append(contentsOf: scheme.utf8)
    url.append(contentsOf: "://".utf8)
    let host = url.count
    url.append(contentsOf: authority.utf8)
    let target = url.count
    url.append(contentsOf: path.utf8)
    guard target > host, url[host..<target].allSatisfy(\.isAuthorityByte) else {
      throw .invalid("The URL's host is missing, or has user information or a character that no host has.")
    }
    guard path.utf8.first == UInt8(ascii: "/"), url[target...].allSatisfy(\.isTargetByte) else {
      throw .invalid("The request target does not begin with / or has a character that must be encoded.")
    }
    url.append(0)
    return url
  }
}

/// Header lines as libcurl reads them, one after another.
private struct HeaderLines {
  private(set) var bytes: [UInt8] = []
  private(set) var count = 0

  init() {
    bytes.reserveCapacity(512)
  }

  mutating func append(_ field: HTTPField) throws(TransportFailure) {
    let start = bytes.count
    bytes.append(contentsOf: field.name.rawName.utf8)
    let isValid = field.withUnsafeBytesOfValue { value in
      // libcurl takes a line that ends with its colon as "do not send this header".
      bytes.append(contentsOf: value.isEmpty ? ";".utf8 : ": ".utf8)
      bytes.append(contentsOf: value)
      return value.allSatisfy(\.isFieldByte)
    }
    guard isValid, bytes[start] != UInt8(ascii: ":") else {
      throw .invalid("The header \(field.name.rawName) has a value with a control character.")
    }
    bytes.append(0)
    count += 1
  }

  /// Keeps libcurl from adding a header of its own.
  mutating func remove(_ name: String) {
    append(line: name + ":")
  }

  mutating func append(line: String) {
    bytes.append(contentsOf: line.utf8)
    bytes.append(0)
    count += 1
  }
}

extension UInt8 {
  /// Visible ASCII but `#`, which would end the target.
  fileprivate var isTargetByte: Bool { self > 0x20 && self < 0x7F && self != UInt8(ascii: "#") }
}
