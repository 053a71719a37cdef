// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchJobs

/// The bodies of requests that differ only in one text: what stands before it, and what behind.
///
/// Keys are sorted, so that equal rows have equal bytes and equal content ids.
struct BodyForm {
  private let before: [UInt8]
  private let after: [UInt8]

  /// Makes the form.
  ///
  /// - Parameters:
  ///   - endpoint: One that takes a text.
  ///   - model: The model of all rows.
  ///   - system: What the model is told before each text, where the endpoint takes it.
  ///   - settings: Further members; a value that is JSON is taken as such, another as a text.
  /// - Throws: ``CommandProblem`` for what the endpoint does not take.
  init(endpoint: BatchEndpoint, model: String, system: String?, settings: [Pair]) throws {
    var members: [String: [UInt8]] = ["model": try JSONText.encode(model)]
    let key: String
    var opening = ""
    var closing = ""
    switch endpoint {
    case .chatCompletions:
      key = "messages"
      let first = try system.map {
        #"{"content":\#(String(decoding: try JSONText.encode($0), as: UTF8.self)),"role":"system"},"#
      }
      opening = "[\(first ?? "")" + #"{"content":"#
      closing = #","role":"user"}]"#
    case .responses:
      key = "input"
      if let system { members["instructions"] = try JSONText.encode(system) }
    case .embeddings, .moderations: key = "input"
    case .completions, .imageGenerations: key = "prompt"
    default: throw Self.problem("prepare makes no rows for \(endpoint); it does for \(Self.known)")
    }
    if system != nil, endpoint != .chatCompletions, endpoint != .responses {
      throw Self.problem("\(endpoint) takes no --system")
    }
    for setting in settings {
      guard setting.key != key, setting.key != "stream", members[setting.key] == nil else {
        throw Self.problem(
          setting.key == "stream"
            ? "--set stream: a batch does not stream" : "--set \(setting.key): the row has that already")
      }
      let value = Array(setting.value.utf8)
      let isJSON = (try? JSONValue(parsing: value)) != nil
      guard isJSON || !Self.looksLikeJSON(setting.value) else {
        throw Self.problem(
          "--set \(setting.key): \(setting.value) is not JSON; a text that looks like it stands in double quotes"
        )
      }
      members[setting.key] = try isJSON ? value : JSONText.encode(setting.value)
    }
    (before, after) = try Self.form(members, key, opening, closing)
  }

  /// Whether a value was meant as a number, a list, an object, a text in quotes, or Python's word for one.
  private static func looksLikeJSON(_ text: String) -> Bool {
    Double(text) != nil || text.hasPrefix("{") || text.hasPrefix("[") || text.hasPrefix("\"")
      || ["True", "False", "None"].contains(text)
  }

  /// The body with a text.
  func body(with text: String) throws(JSONFailure) -> [UInt8] {
    before + (try JSONText.encode(text)) + after
  }

  private static func form(
    _ members: [String: [UInt8]], _ key: String, _ opening: String, _ closing: String
  ) throws -> (before: [UInt8], after: [UInt8]) {
    func list(_ members: some Sequence<(key: String, value: [UInt8])>) throws -> [[UInt8]] {
      try members.sorted { $0.key < $1.key }.map {
        try JSONText.encode($0.key) + [UInt8(ascii: ":")] + $0.value
      }
    }
    let earlier = try list(members.filter { $0.key < key }).map { $0 + [UInt8(ascii: ",")] }
    let later = try list(members.filter { $0.key > key }).map { [UInt8(ascii: ",")] + $0 }
    let before = Array("{".utf8) + earlier.joined() + (try JSONText.encode(key)) + Array(":\(opening)".utf8)
    return (before, Array(closing.utf8) + later.joined() + Array("}".utf8))
  }

  private static let known = [
    BatchEndpoint.chatCompletions, .responses, .embeddings, .moderations, .completions, .imageGenerations,
  ].map(\.rawValue).joined(separator: ", ")

  private static func problem(_ message: String) -> CommandProblem {
    CommandProblem(status: .usage, message: message)
  }
}
