// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// A response's head, checked, with what it says about the length of the body.
struct ResponseHead: Sendable {
  /// How many bytes of body must arrive.
  enum Length: Sendable, Equatable {
    /// None: the status or the method rules a body out.
    case none
    /// As many as Content-Length says.
    case exact(Int64)
    /// Until the end of the chunks or of the connection.
    case unknown
  }

  let response: HTTPResponse
  let length: Length

  /// Checks a head.
  ///
  /// - Parameters:
  ///   - status: The status code.
  ///   - fields: Names and values. URLSession joins repeated fields with commas.
  ///   - method: The request's method.
  /// - Throws: Kind `malformed` for a length that is none, several different ones, or an encoded body: Foundation
  ///   decodes it without noticing when it is cut.
  init(
    status: Int, fields: [(name: String, value: String)], method: HTTPRequest.Method
  ) throws(TransportFailure) {
    guard (200...999).contains(status) else {
      throw TransportFailure(.malformed, "The response's status code \(status) is not one.")
    }
    var headerFields = HTTPFields()
    for (name, value) in fields.sorted(by: { $0.name < $1.name }) {
      guard let name = HTTPField.Name(name) else { continue }
      headerFields.append(HTTPField(name: name, value: value))
    }
    response = HTTPResponse(status: .init(code: status), headerFields: headerFields)
    if method == .head || status == 204 || status == 304 {
      length = .none
      return
    }
    if let encoding = headerFields[.contentEncoding], encoding.lowercased() != "identity" {
      throw TransportFailure(
        .malformed, "The server encoded the response body, although the request allows no encoding.")
    }
    let codings = headerFields[.transferEncoding]?.lowercased().split(separator: ",").map(Self.trimmed) ?? []
    guard codings.allSatisfy({ $0 == "chunked" || $0 == "identity" }) else {
      throw TransportFailure(
        .malformed,
        "The server encoded the response for its transfer, although the request allows no encoding.")
    }
    guard codings.isEmpty, let declared = headerFields[.contentLength] else {
      length = .unknown
      return
    }
    let values = Set(declared.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed))
    guard values.count == 1, let value = values.first, value.utf8.allSatisfy({ (48...57).contains($0) }),
      let count = Int64(value)
    else {
      throw TransportFailure(.malformed, "The response's Content-Length is not one number.")
    }
    length = .exact(count)
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }

  /// A head whose body is lost or of a length that cannot be checked.
  init(unchecked response: HTTPResponse) {
    self.response = response
    length = .unknown
  }
}
