// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

/// The members of a request line that a check looks at.
struct RequestMembers {
  private(set) var customID: JSONValue?
  private(set) var method: JSONValue?
  private(set) var url: JSONValue?
  private(set) var body: JSONValue?
  private(set) var model: JSONValue?
  private(set) var stream: JSONValue?
  private var input: JSONValue?
  /// A member that the line has twice: readers disagree on which of the two counts.
  private(set) var repeated: String?

  /// Validates a line.
  init(_ line: JSONLine) throws(JSONFailure) {
    let row = try line.parse()
    guard row.kind == .object else { throw JSONFailure("not a JSON object") }
    for (name, value) in row.members {
      switch name {
      case "custom_id": take(value, name, \.customID)
      case "method": take(value, name, \.method)
      case "url": take(value, name, \.url)
      case "body": take(value, name, \.body)
      default: break
      }
    }
    for (name, value) in body?.members ?? [] {
      switch name {
      case "model": take(value, "body.model", \.model)
      case "stream": take(value, "body.stream", \.stream)
      case "input": take(value, "body.input", \.input)
      default: break
      }
    }
  }

  private mutating func take(
    _ value: JSONValue, _ name: String, _ member: WritableKeyPath<RequestMembers, JSONValue?>
  ) {
    if self[keyPath: member] == nil { self[keyPath: member] = value } else { repeated = name }
  }

  /// How many texts the row wants embeddings of. An array of numbers is one text, as tokens.
  var embeddingInputs: Int {
    guard let input, input.kind == .array else { return 1 }
    return input[0]?.kind == .number ? 1 : input.elements.count
  }
}

extension JSONValue {
  /// Whether this is a text that is not empty.
  var isText: Bool { kind == .string && bytes.count > 2 }

  /// The bytes of a text without its escapes. Most texts have none: nothing is copied then.
  var content: ArraySlice<UInt8> {
    bytes.contains(UInt8(ascii: "\\")) ? Array((string ?? "").utf8)[...] : bytes.dropFirst().dropLast()
  }
}
