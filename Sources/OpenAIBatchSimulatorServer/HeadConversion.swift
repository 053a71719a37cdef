// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
internal import NIOHTTP1
internal import OpenAIBatchTransport

/// A request head that HTTP does not allow.
struct InvalidHead: Error {}

extension HTTPRequest {
  /// The request as a transport takes it. A target in absolute form is reduced to its path.
  init(_ head: HTTPRequestHead) throws(InvalidHead) {
    guard let method = Method(rawValue: head.method.rawValue) else { throw InvalidHead() }
    var fields = HTTPFields()
    for (name, value) in head.headers {
      guard let name = HTTPField.Name(name), HTTPField.isValidValue(value) else { throw InvalidHead() }
      fields.append(HTTPField(name: name, value: value))
    }
    var path = head.uri
    if !path.hasPrefix("/"), let scheme = path.firstRange(of: "://") {
      path = String(path[scheme.upperBound...].drop { $0 != "/" })
    }
    self.init(
      method: method, scheme: "http", authority: head.headers.first(name: "host"), path: path,
      headerFields: fields)
  }
}

extension HTTPRequestHead {
  /// The body that follows this head.
  func requestBody(from pipe: BodyPipe) -> RequestBody {
    let length = headers.first(name: "content-length").flatMap { Int64($0) }
    let isChunked = headers.contains(name: "transfer-encoding")
    guard isChunked || length ?? 0 > 0 else { return .empty }
    return .producer(length: isChunked ? nil : length, isReplayable: false) { pipe }
  }
}

extension HTTPResponseHead {
  /// The response as it goes over the wire.
  init(_ response: HTTPResponse, isLast: Bool) {
    var headers = HTTPHeaders()
    for field in response.headerFields {
      headers.add(name: field.name.rawName, value: field.value)
    }
    if isLast { headers.add(name: "connection", value: "close") }
    self.init(
      version: .http1_1, status: HTTPResponseStatus(statusCode: response.status.code), headers: headers)
  }
}
#endif
