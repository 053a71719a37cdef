// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchModels

/// A request to create a batch that passed the checks which the service makes at once.
struct BatchCreation: Sendable {
  let inputFileID: String
  let endpoint: BatchEndpoint
  let completionWindow: String
  /// The metadata as JSON text on one line; `null` where there is none.
  let metadata: JSONNode
  /// How long the result files live, in seconds after their creation.
  let resultLifetime: Int

  private static let endpoints: [BatchEndpoint] = [
    .responses, .chatCompletions, .embeddings, .completions, .moderations, .imageGenerations, .imageEdits,
    .videos,
  ]
  static let expiryRange = 3_600...2_592_000

  init(body: [UInt8]) throws(ServiceError) {
    guard let value = try? JSONValue(parsing: body), value.kind == .object else { throw .notJSON }
    inputFileID = try Self.text("input_file_id", of: value)
    let path = try Self.text("endpoint", of: value)
    guard let endpoint = Self.endpoints.first(where: { $0.rawValue == path }) else {
      throw .invalidValue("endpoint", path, supported: Self.endpoints.map(\.rawValue))
    }
    self.endpoint = endpoint
    completionWindow = try Self.text("completion_window", of: value)
    guard completionWindow == "24h" else {
      throw .invalidValue("completion_window", completionWindow, supported: ["24h"])
    }
    metadata = try Self.metadata(value["metadata"])
    resultLifetime =
      try Self.lifetime(value["output_expires_after"], of: "output_expires_after")
      ?? Self.expiryRange.upperBound
  }

  static func text(_ key: String, of value: JSONValue) throws(ServiceError) -> String {
    guard let member = value[key], !member.isNull else { throw .missing(key) }
    guard let text = member.string else { throw .invalidType(key, expected: "a string") }
    return text
  }

  private static func metadata(_ value: JSONValue?) throws(ServiceError) -> JSONNode {
    guard let value, !value.isNull else { return .null }
    guard value.kind == .object else { throw .invalidType("metadata", expected: "an object") }
    let members = value.members
    guard members.count <= 16 else {
      throw ServiceError(
        message:
          "Invalid 'metadata': too many properties. At most 16 are allowed, there are \(members.count).",
        param: "metadata", code: "object_above_max_properties")
    }
    for (key, value) in members {
      guard let text = value.string else { throw .invalidType("metadata.\(key)", expected: "a string") }
      guard key.unicodeScalars.count <= 64 else {
        throw tooLong("metadata", "a key", limit: 64)
      }
      guard text.unicodeScalars.count <= 512 else {
        throw tooLong("metadata.\(key)", "the value", limit: 512)
      }
    }
    return .text(value.bytesWithoutLineBreaks)
  }

  private static func tooLong(_ param: String, _ what: String, limit: Int) -> ServiceError {
    ServiceError(
      message: "Invalid '\(param)': \(what) is longer than \(limit) characters.", param: param,
      code: "string_above_max_length")
  }

  /// The seconds of an expiry; `nil` when none is asked for.
  static func lifetime(_ value: JSONValue?, of param: String) throws(ServiceError) -> Int? {
    guard let value else { return nil }
    guard value.kind == .object else { throw .invalidType(param, expected: "an object") }
    guard let anchor = value["anchor"] else { throw .missing("\(param).anchor") }
    guard anchor.string == "created_at" else {
      throw .invalidValue("\(param).anchor", anchor.string ?? anchor.kind.rawValue, supported: ["created_at"])
    }
    guard let member = value["seconds"] else { throw .missing("\(param).seconds") }
    guard let seconds = member.int else { throw .invalidType("\(param).seconds", expected: "an integer") }
    guard expiryRange.contains(seconds) else { throw .outOfRange("\(param).seconds", seconds, expiryRange) }
    return seconds
  }
}
