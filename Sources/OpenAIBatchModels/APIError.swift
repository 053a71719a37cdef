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

extension APIError: CustomStringConvertible {
  /// The message, with the code in brackets.
  public var description: String { code.map { "\(message) [\($0)]" } ?? message }
}

extension APIError {
  /// Reads an error from a body of any of the shapes that services and proxies send.
  ///
  /// The documented one is `{"error": {"message", "type", "param", "code"}}`; also read are an error that is a
  /// text, Azure's `errors` list, FastAPI's `detail`, a bare `message`, and plain text.
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
  public init?(_ value: JSONValue) {
    if let text = value.string {
      self.init(text: text)
    } else if let error = value["error"], error.kind == .object {
      self.init(object: error)
    } else if let text = value["error"]?.string, !text.isEmpty {
      self.init(message: text, code: Self.scalar(value["code"]).map(ErrorCode.init))
    } else if let first = value["errors"].flatMap({ $0["data"]?[0] ?? $0[0] }) {
      self.init(object: first)
    } else if let detail = value["detail"] {
      self.init(detail: detail)
    } else {
      self.init(object: value)
    }
  }

  private init?(object: JSONValue) {
    let code = Self.scalar(object["code"])
    guard let message = object["message"]?.string ?? code else { return nil }
    self.init(
      message: message, type: object["type"]?.string, param: object["param"]?.string,
      code: code.map(ErrorCode.init))
  }

  private init?(detail: JSONValue) {
    if let text = detail.string {
      self.init(message: text)
    } else if let first = detail[0], let message = first["msg"]?.string {
      let place = first["loc"]?.elements.compactMap { $0.string ?? $0.int.map(String.init) }
      self.init(message: message, type: first["type"]?.string, param: place?.joined(separator: "."))
    } else {
      return nil
    }
  }

  private init?(text: String) {
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !words.isEmpty, !words.hasPrefix("<") else { return nil }
    self.init(message: String(words.prefix(300)))
  }

  private static func scalar(_ value: JSONValue?) -> String? {
    let text = value?.string ?? value?.int.map(String.init)
    return text?.isEmpty == true ? nil : text
  }
}
