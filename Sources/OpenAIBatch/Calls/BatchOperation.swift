// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchMiddleware
internal import OpenAIBatchTransport

/// One call as data: what to ask, what repeating it would do, how to read the answer.
struct BatchOperation<Output: Sendable>: Sendable {
  let name: String
  let effect: Effect
  let method: HTTPRequest.Method
  /// Below the base URL, ids encoded.
  let path: String
  var query: [(name: String, value: String)] = []
  var body: RequestBody = .empty
  var contentType: String?
  /// Whether the time for one attempt grows with the data, so that only silence is limited.
  var isTransfer = false
  let decode: @Sendable ([UInt8]) throws(JSONFailure) -> Output
}

extension BatchOperation where Output: JSONReadable {
  /// An operation that is answered by a JSON value of its own shape.
  init(
    _ name: String, effect: Effect, _ method: HTTPRequest.Method, _ path: String,
    query: [(name: String, value: String)] = [], json: [UInt8]? = nil
  ) {
    self.init(
      name: name, effect: effect, method: method, path: path, query: query,
      body: json.map(RequestBody.bytes) ?? .empty,
      contentType: json == nil ? nil : "application/json",
      decode: { bytes throws(JSONFailure) in try Output(parsing: bytes[...]) })
  }
}
