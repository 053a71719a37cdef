// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchJSON

/// An error as the service words it, in the answer to a call or in the answer to one row.
public struct APIError: Error, Sendable, Hashable {
  /// The error in words.
  public var message: String
  /// Its class, such as `invalid_request_error`.
  public var type: String?
  /// The parameter at fault.
  public var param: String?
  /// Its name, such as `rate_limit_exceeded`.
  public var code: ErrorCode?

  /// Creates an error.
  public init(message: String, type: String? = nil, param: String? = nil, code: ErrorCode? = nil) {
    self.message = message
    self.type = type
    self.param = param
    self.code = code
  }
}

extension APIError {
  /// Whether money or quota is missing, by the code, or, as some providers have it, by the type.
  public var isBilling: Bool { code?.isBilling == true || type.map { ErrorCode($0).isBilling } == true }
}

extension APIError: CustomStringConvertible {
  /// The message, with the code in brackets.
  public var description: String { code.map { "\(message) [\($0)]" } ?? message }
}

extension APIError {
  /// Reads an error from a body of any of the shapes that services and proxies send.
  ///
  /// The documented one is `{"error": {"message", "type", "param", "code"}}`; also read are an error that is a
  /// text or stands in a list, Azure's `errors` list, FastAPI's `detail`, a bare `message`, and plain text.
  ///
  /// - Returns: `nil` for an empty body, a web page, and JSON that says nothing.
  public init?(body: [UInt8]) {
    if let value = try? JSONValue(parsing: body) {
      self.init(value)
    } else {
      self.init(text: String(decoding: body.prefix(1024), as: UTF8.self))
    }
  }

  /// Reads an error from the body of a row's response.
  ///
  /// - Returns: `nil` for a value that says nothing.
  public init?(_ value: JSONValue) {
    let errors = value["errors"].flatMap { $0["data"] ?? $0 }
    let found =
      Self.read(value["error"], beside: value) ?? Self.read(value[0]?["error"])
      ?? Self.read(errors?[0] ?? errors)
      ?? Self.read(detail: value["detail"]) ?? Self.read(value)
    guard let found else { return nil }
    self = found
  }

  /// An error that is an object, or a text with what stands beside it.
  private static func read(_ value: JSONValue?, beside outer: JSONValue? = nil) -> APIError? {
    if let text = value?.string {
      guard var error = APIError(text: text) else { return nil }
      error.message = self.text(outer?["message"]) ?? error.message
      error.code = scalar(outer?["code"]).map(ErrorCode.init)
      return error
    }
    let (type, code) = (text(value?["type"]), scalar(value?["code"]))
    guard let message = text(value?["message"]) ?? code ?? type else { return nil }
    return APIError(
      message: message, type: type, param: text(value?["param"]), code: code.map(ErrorCode.init))
  }

  /// FastAPI's `detail`: a text, an object, or a list of faults in the request.
  private static func read(detail: JSONValue?) -> APIError? {
    guard let fault = detail?[0], let message = text(fault["msg"]) else { return read(detail) }
    let place = fault["loc"]?.elements.compactMap { scalar($0) }.joined(separator: ".")
    return APIError(message: message, type: text(fault["type"]), param: place?.isEmpty == true ? nil : place)
  }

  private init?(text: String) {
    let words = text.prefix(1024).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !words.isEmpty, !words.hasPrefix("<") else { return nil }
    self.init(message: String(words.prefix(300)))
  }

  private static func text(_ value: JSONValue?) -> String? {
    value?.string.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func scalar(_ value: JSONValue?) -> String? {
    text(value) ?? value?.int.map(String.init)
  }
}
