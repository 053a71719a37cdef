// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchJSON

/// A row's answer. Its values are read from the raw body when they are asked for.
public struct BatchResponse: Sendable, Hashable {
  /// The endpoint's status: 200 to 299.
  public let statusCode: Int
  /// The id of the request inside the service; quote it to support.
  public let requestID: String?
  /// The answer's body: raw JSON text.
  public let body: [UInt8]

  init(statusCode: Int, requestID: String?, json: JSONValue) {
    self.statusCode = statusCode
    self.requestID = requestID.flatMap { $0.isEmpty ? nil : $0 }
    self.body = Array(json.bytes)
  }

  /// Creates an answer, for tests.
  ///
  /// - Throws: ``JSONFailure`` when `body` is not JSON.
  public init(statusCode: Int = 200, requestID: String? = nil, body: [UInt8]) throws(JSONFailure) {
    self.init(statusCode: statusCode, requestID: requestID, json: try JSONValue(parsing: body))
  }

  /// The body for lazy access by key.
  public var json: JSONValue { JSONValue(validated: body[...]) }

  /// Decodes the body as one of your own types.
  ///
  /// - Throws: ``JSONFailure`` with the path to what did not fit.
  public func decode<Value: Decodable>(as type: Value.Type) throws(JSONFailure) -> Value {
    try json.decode(as: type)
  }
}

extension BatchResponse {
  /// The text that the model wrote: of chat completions, responses and completions; `nil` for others, and for
  /// an answer without text.
  public var outputText: String? {
    let json = json
    if let choice = json["choices"]?[0] {
      return choice["message"].flatMap { $0["content"] }.flatMap(Self.text) ?? choice["text"]?.string
    }
    let texts = Self.parts(of: json, type: "output_text").compactMap { $0["text"]?.string }
    return texts.isEmpty ? nil : texts.joined()
  }

  /// Why the model declined to answer, when it did.
  public var refusal: String? {
    let json = json
    return json["choices"]?[0]?["message"]?["refusal"]?.string
      ?? Self.parts(of: json, type: "refusal").first?["refusal"]?.string
  }

  /// Why the answer ended: `stop`, `length` and others of chat completions and completions; of responses the
  /// reason for being incomplete, else the status.
  public var finishReason: String? {
    let json = json
    return json["choices"]?[0]?["finish_reason"]?.string ?? json["incomplete_details"]?["reason"]?.string
      ?? json["status"]?.string
  }

  /// Tokens that the answer used.
  public var usage: TokenUsage? {
    guard let usage = json["usage"], usage.kind == .object else { return nil }
    return TokenUsage(usage)
  }

  /// A chat message's content: a text, or a list of parts.
  private static func text(_ content: JSONValue) -> String? {
    if let text = content.string { return text }
    let texts = content.elements.compactMap { $0["text"]?.string }
    return texts.isEmpty ? nil : texts.joined()
  }

  /// The content parts of a response's messages.
  private static func parts(of json: JSONValue, type: String) -> [JSONValue] {
    (json["output"]?.elements ?? []).flatMap { $0["content"]?.elements ?? [] }
      .filter { $0["type"]?.string == type }
  }
}
