// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

/// The smallest value that a JSON Schema of Structured Outputs admits, with the given text for its free strings.
struct SchemaInstance {
  let json: JSONNode

  /// Nesting beyond this ends in null: a schema may refer to itself.
  private static let maximumDepth = 16

  init(of schema: JSONValue, text: String) {
    json = Self.instance(of: schema, root: schema, text: text, depth: 0)
  }

  private static func instance(of schema: JSONValue, root: JSONValue, text: String, depth: Int) -> JSONNode {
    guard depth < maximumDepth else { return .null }
    func instance(_ schema: JSONValue) -> JSONNode {
      Self.instance(of: schema, root: root, text: text, depth: depth + 1)
    }
    if let reference = schema["$ref"]?.string {
      return resolve(reference, in: root).map(instance) ?? .null
    }
    if let value = schema["const"] ?? schema["enum"]?[0] { return .text(value.bytesWithoutLineBreaks) }
    if let choice = schema["anyOf"]?[0] ?? schema["allOf"]?[0] { return instance(choice) }
    switch schema["type"]?.string ?? schema["type"]?[0]?.string {
    case "object":
      return .object(schema["properties"]?.members.map { ($0.key, instance($0.value)) } ?? [])
    case "array":
      let count = min(schema["minItems"]?.int ?? 0, 64)
      return .array(schema["items"].map { items in (0..<max(count, 0)).map { _ in instance(items) } } ?? [])
    case "string": return .string(text)
    case "integer", "number": return schema["minimum"].map { .text(Array($0.bytes)) } ?? 0
    case "boolean": return false
    default: return .null
    }
  }

  /// Follows a reference such as `#/$defs/step`.
  private static func resolve(_ reference: String, in root: JSONValue) -> JSONValue? {
    guard reference.first == "#" else { return nil }
    return reference.split(separator: "/").dropFirst().reduce(Optional(root)) { value, key in
      value?[String(key)]
    }
  }
}
