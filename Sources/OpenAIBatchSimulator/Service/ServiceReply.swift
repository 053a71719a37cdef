// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes
internal import OpenAIBatchTransport

/// What the service answers, before it becomes a response.
struct ServiceReply: Sendable {
  /// The bytes of the answer.
  enum Content: Sendable {
    case json(JSONNode)
    /// A part of a file, read from disk as it is pulled.
    case file(StoredFileReader, Range<Int>)
  }

  var status = 200
  var headers = HTTPFields()
  let content: Content

  init(_ json: JSONNode) {
    content = .json(json)
  }

  init(_ error: ServiceError) {
    status = error.status
    headers = error.headers
    content = .json(error.body)
  }

  init(_ reader: StoredFileReader, _ range: Range<Int>) {
    content = .file(reader, range)
  }

  /// The response.
  ///
  /// - Parameter limit: How many bytes of content arrive before the connection breaks, if it does.
  consuming func response(truncatedAfter limit: Int?) -> TransportResponse {
    headers[.contentType] = headers[.contentType] ?? "application/json"
    let length: Int
    let body: ResponseBody
    switch content {
    case .json(let json):
      let bytes = json.bytes
      length = bytes.count
      body = ResponseBody(bytes: bytes)
    case .file(let reader, let range):
      length = range.count
      body = ResponseBody(FileContent(reader, range, limit: limit))
    }
    headers[.contentLength] = String(length)
    return TransportResponse(
      head: HTTPResponse(status: HTTPResponse.Status(code: status), headerFields: headers), body: body)
  }
}
