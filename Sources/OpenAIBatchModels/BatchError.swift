// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// One reason why a batch was refused.
public struct BatchError: Sendable, Hashable, Codable {
  /// The service's name for the reason.
  public var code: ErrorCode?
  /// The reason in words.
  public var message: String?
  /// The parameter at fault, such as `body.model`.
  public var param: String?
  /// The line of the input file at fault, counted from 1.
  public var line: Int?

  /// Creates an error.
  public init(code: ErrorCode? = nil, message: String? = nil, param: String? = nil, line: Int? = nil) {
    self.code = code
    self.message = message
    self.param = param
    self.line = line
  }

  private enum CodingKeys: String, CodingKey { case code, message, param, line }

  /// Decodes an error: an object, or a text, which becomes its message.
  public init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      self.init(message: text.isEmpty ? nil : text)
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      code: container.scalarText(.code).map(ErrorCode.init), message: container.text(.message),
      param: container.text(.param), line: container.integer(.line))
  }

  /// Encodes the service's own shape: absent values are null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(code, forKey: .code)
    try container.encode(message, forKey: .message)
    try container.encode(param, forKey: .param)
    try container.encode(line, forKey: .line)
  }
}

extension BatchError: CustomStringConvertible {
  /// `line 12: invalid_json_line: …`
  public var description: String {
    let parts = [line.map { "line \($0)" }, code?.rawValue, message].compactMap(\.self)
    return parts.isEmpty ? "no reason given" : parts.joined(separator: ": ")
  }
}

/// The wire forms of `errors`: `{"object":"list","data":[…]}`, a bare list, one error, or one text. Elements
/// that are no errors are left out; they do not hide the others.
struct BatchErrorList: Sendable, Hashable, Codable {
  var errors: [BatchError]

  private enum CodingKeys: String, CodingKey { case object, data }

  init(errors: [BatchError]) { self.errors = errors }

  init(from decoder: any Decoder) throws {
    if let list = try? decoder.singleValueContainer().decode([Element].self) {
      errors = list.compactMap(\.error)
    } else if let text = try? decoder.singleValueContainer().decode(String.self) {
      errors = text.isEmpty ? [] : [BatchError(message: text)]
    } else {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      if container.contains(.data) {
        errors = container.tolerant([Element].self, .data)?.compactMap(\.error) ?? []
      } else {
        let error = try BatchError(from: decoder)
        errors = error == BatchError() ? [] : [error]
      }
    }
  }

  private struct Element: Decodable {
    let error: BatchError?
    init(from decoder: any Decoder) throws { error = try? BatchError(from: decoder) }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("list", forKey: .object)
    try container.encode(errors, forKey: .data)
  }
}
