// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchJSON

/// A row's answer. Its values are read from the raw body when they are asked for.
public struct BatchResponse: Sendable {
  /// The endpoint's status: 200 to 299.
  public let statusCode: Int
  /// The id of the request inside the service; quote it to support.
  public var requestID: String? { lazyRequestID.text.flatMap { $0.isEmpty ? nil : $0 } }
  /// The body for lazy access by key; of one that the service sent as the text of an object, that object.
  public let json: JSONValue
  private let lazyRequestID: LazyText

  init(statusCode: Int, requestID: LazyText, json: JSONValue) {
    self.statusCode = statusCode
    self.lazyRequestID = requestID
    self.json = json
  }

  /// Creates an answer, for tests.
  ///
  /// - Throws: ``JSONFailure`` when `body` is not JSON.
  public init(statusCode: Int = 200, requestID: String? = nil, body: [UInt8]) throws(JSONFailure) {
    self.init(statusCode: statusCode, requestID: .text(requestID), json: try JSONValue(parsing: body))
  }

  /// The answer's body: raw JSON text, as it came, but without the quotes and escapes of an object that was sent
  /// as a text. A copy.
  public var body: [UInt8] { json.bytes }

  /// Decodes the body as one of your own types.
  ///
  /// - Parameters:
  ///   - type: Any type that is `Decodable`.
  ///   - decoding: How names, dates and data are written.
  /// - Throws: ``JSONFailure`` with the place of what did not fit and its path.
  public func decode<Value: Decodable>(
    as type: Value.Type, _ decoding: JSONDecoding = JSONDecoding()
  ) throws(JSONFailure) -> Value {
    try json.decode(as: type, decoding)
  }
}

extension BatchResponse: Hashable {
  /// Whether status, request id and the body's bytes are the same.
  public static func == (one: BatchResponse, other: BatchResponse) -> Bool {
    one.statusCode == other.statusCode && one.requestID == other.requestID
      && one.json.bytes == other.json.bytes
  }

  /// Feeds status, request id and the body's bytes.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(statusCode)
    hasher.combine(requestID)
    hasher.combine(json.bytes)
  }
}
