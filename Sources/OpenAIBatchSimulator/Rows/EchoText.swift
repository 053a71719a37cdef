// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

/// What a request said last, as the text of its answer.
struct EchoText {
  let text: String

  /// - Parameters:
  ///   - input: A string, or messages whose content is a string or an array of parts with a `text`.
  ///   - format: The output format that was asked for. JSON is answered with JSON.
  init(of input: JSONValue?, format: JSONValue?) {
    let words = Self.words(in: input)
    switch format?["type"]?.string {
    case "json_object":
      text = Self.json(["echo": .string(words)])
    case "json_schema":
      // Chat Completions nests the schema once more than Responses does.
      let schema = format?["json_schema"]?["schema"] ?? format?["schema"]
      text = Self.json(schema.map { SchemaInstance(of: $0, text: words).json } ?? ["echo": .string(words)])
    default:
      text = words
    }
  }

  private static func json(_ node: JSONNode) -> String { String(decoding: node.bytes, as: UTF8.self) }

  private static func words(in input: JSONValue?) -> String {
    guard let input else { return "" }
    if let text = input.string { return text }
    let messages = input.elements
    guard let message = messages.last(where: { $0["role"]?.string == "user" }) ?? messages.last else {
      return ""
    }
    guard let content = message["content"] else { return message["text"]?.string ?? message.string ?? "" }
    if let text = content.string { return text }
    return content.elements.compactMap { $0["text"]?.string }.joined(separator: "\n")
  }
}
