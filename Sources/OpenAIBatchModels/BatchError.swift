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

  /// Decodes an error: an object, or a text that becomes its message.
  public init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      self.init(message: text)
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      code: container.scalarText(.code).map(ErrorCode.init), message: container.text(.message),
      param: container.text(.param), line: container.tolerant(Int.self, .line))
  }
}

extension BatchError: CustomStringConvertible {
  /// `line 12: invalid_json_line: …`
  public var description: String {
    [line.map { "line \($0)" }, code?.rawValue, message].compactMap(\.self).joined(separator: ": ")
  }
}

/// The wire forms of `errors`: `{"object":"list","data":[…]}`, a bare list, or one text.
struct BatchErrorList: Sendable, Hashable, Codable {
  var errors: [BatchError]

  private enum CodingKeys: String, CodingKey { case object, data }

  init(errors: [BatchError]) { self.errors = errors }

  init(from decoder: any Decoder) throws {
    if let list = try? decoder.singleValueContainer().decode([BatchError].self) {
      errors = list
    } else if let text = try? decoder.singleValueContainer().decode(String.self) {
      errors = text.isEmpty ? [] : [BatchError(message: text)]
    } else {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      errors = try container.decodeIfPresent([BatchError].self, forKey: .data) ?? []
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("list", forKey: .object)
    try container.encode(errors, forKey: .data)
  }
}
