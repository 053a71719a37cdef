// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

/// The members of a request line that a check looks at, as they are written.
struct RequestMembers {
  private enum Name: String, CaseIterable {
    case customID = "custom_id"
    case method
    case url
    case body
  }

  private enum BodyName: String, CaseIterable {
    case model
    case stream
    case input
  }

  private(set) var customID: JSONLiteral?
  private(set) var method: JSONLiteral?
  private(set) var url: JSONLiteral?
  private(set) var body: JSONLiteral?
  private(set) var model: JSONLiteral?
  private(set) var stream: JSONLiteral?
  /// A member that the line has twice: readers disagree on which of the two counts.
  private(set) var repeated: String?
  private var inputs: JSONValue?

  /// Validates a line.
  init(_ line: JSONLine) throws(JSONFailure) {
    let row = try line.parse()
    guard row.kind == .object else { throw JSONFailure("not a JSON object") }
    row.read { view in
      view.forEachMember { key, value in
        guard let name = Name.allCases.first(where: { key.isString($0.rawValue) }) else { return }
        let literal = JSONLiteral(value, in: line)
        switch name {
        case .customID: set(\.customID, literal, name.rawValue)
        case .method: set(\.method, literal, name.rawValue)
        case .url: set(\.url, literal, name.rawValue)
        case .body:
          set(\.body, literal, name.rawValue)
          if repeated == nil { read(value, of: row, line) }
        }
      }
    }
  }

  private mutating func read(_ body: JSONView, of row: JSONValue, _ line: JSONLine) {
    body.forEachMember { key, value in
      guard let name = BodyName.allCases.first(where: { key.isString($0.rawValue) }) else { return }
      switch name {
      case .model: set(\.model, JSONLiteral(value, in: line), "body.model")
      case .stream: set(\.stream, JSONLiteral(value, in: line), "body.stream")
      case .input:
        if inputs != nil { repeated = "body.input" }
        inputs = row.value(value)
      }
    }
  }

  /// Sets a member, unless the line had it before.
  private mutating func set(
    _ member: WritableKeyPath<RequestMembers, JSONLiteral?>, _ value: JSONLiteral, _ name: String
  ) {
    if self[keyPath: member] == nil { self[keyPath: member] = value } else { repeated = name }
  }

  /// How many texts the row wants embeddings of. An array of numbers is one text, as tokens.
  var embeddingInputs: Int {
    guard let inputs, inputs.kind == .array else { return 1 }
    return inputs[0]?.kind == .number ? 1 : inputs.count
  }
}

/// A value as it is written in a line.
struct JSONLiteral {
  let bytes: ArraySlice<UInt8>

  init(_ value: JSONView, in line: JSONLine) {
    bytes = line.bytes.dropFirst(value.range.lowerBound).prefix(value.range.count)
  }

  /// Takes the bytes of one whole value.
  init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// Whether this is a text that is not empty.
  var isText: Bool { bytes.first == UInt8(ascii: "\"") && bytes.count > 2 }

  var isObject: Bool { bytes.first == UInt8(ascii: "{") }

  /// Whether this is `false` or `null`.
  var isOff: Bool { bytes.elementsEqual("false".utf8) || bytes.elementsEqual("null".utf8) }

  /// The text's value; `nil` for another value.
  var string: String? { (try? JSONValue(parsing: bytes))?.string }

  /// The bytes of the text's value. Most texts have no escapes: nothing is copied then.
  var content: ArraySlice<UInt8> {
    bytes.contains(UInt8(ascii: "\\")) ? Array((string ?? "").utf8)[...] : bytes.dropFirst().dropLast()
  }
}
