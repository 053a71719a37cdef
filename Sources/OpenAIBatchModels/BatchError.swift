// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON

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
  public init(from decoder: any Decoder) throws { try self.init(reading: decoder) }

  /// Encodes the service's own shape: absent values are null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(code, forKey: .code)
    try container.encode(message, forKey: .message)
    try container.encode(param, forKey: .param)
    try container.encode(line, forKey: .line)
  }
}

extension BatchError: JSONReadable {
  package init(_ json: JSONView) throws(JSONMisfit) {
    if let text = json.string {
      self.init(message: text.isEmpty ? nil : text)
    } else {
      var members = try Members(of: json, by: CodingKeys.self)
      self.init(
        code: members.scalarText(.code).map(ErrorCode.init), message: members.text(.message),
        param: members.text(.param), line: members.integer(.line))
    }
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
struct BatchErrorList: Sendable, Hashable, Encodable, JSONReadable {
  var errors: [BatchError]

  private enum CodingKeys: String, CodingKey { case object, data }

  init(errors: [BatchError]) { self.errors = errors }

  init(from decoder: any Decoder) throws { try self.init(reading: decoder) }

  init(_ json: JSONView) throws(JSONMisfit) {
    if let list = json.kind == .array ? json : json["data"] {
      errors = list.elements.compactMap { try? BatchError($0) }
    } else {
      let error = try BatchError(json)
      errors = error == BatchError() ? [] : [error]
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("list", forKey: .object)
    try container.encode(errors, forKey: .data)
  }
}
