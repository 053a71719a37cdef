// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJSON
internal import OpenAIBatchJobs

/// A value of a result, by a name of its own or by its path.
struct ResultField: Equatable {
  let name: String

  /// What a table has when nothing else is asked for.
  static let standard = ["id", "status", "text", "error"].map(ResultField.init)

  /// The value in a line; `line` is its text as JSON, when it is JSON.
  func value(in result: BatchResult<BatchResponse>, _ line: JSONValue?) -> FieldValue {
    switch (name, result.outcome) {
    case ("id", _): .text(result.customID)
    case ("status", .success): .text("answered")
    case ("status", .failure(let failure)): .text(failure.kind.rawValue)
    case ("text", .success(let response)): .text(response.outputText)
    case ("error", .failure(let failure)): .text(failure.message)
    case ("code", .failure(let failure)): .text(failure.code?.rawValue)
    case ("text", .failure), ("error", .success), ("code", .success): .text(nil)
    case (_, .success(let response)):
      (value(in: line) ?? value(in: response.json)).map(FieldValue.json) ?? .text(nil)
    case (_, .failure):
      (value(in: line) ?? value(in: line?["response"]?["body"])).map(FieldValue.json) ?? .text(nil)
    }
  }

  /// The value at the path: `usage.total_tokens`, `choices.0.finish_reason`.
  private func value(in object: JSONValue?) -> JSONValue? {
    name.split(separator: ".", omittingEmptySubsequences: false).reduce(object) { found, key in
      guard let found else { return nil }
      return found.kind == .array ? Int(key).flatMap { found[$0] } : found[String(key)]
    }
  }
}

/// What a field can be.
enum FieldValue {
  case text(String?)
  case json(JSONValue)

  /// The value in a table.
  var cell: [UInt8] {
    switch self {
    case .text(let text): Array((text ?? "").utf8)
    case .json(let value): value.isNull ? [] : value.string.map { Array($0.utf8) } ?? value.bytes
    }
  }

  /// The value as JSON text.
  func json() throws -> [UInt8] {
    switch self {
    case .text(let text): try text.map(JSONText.encode) ?? Array("null".utf8)
    case .json(let value): value.bytes
    }
  }
}

/// `--fields id,text,usage.total_tokens`
struct ResultFields: ExpressibleByArgument {
  let fields: [ResultField]

  init?(argument: String) {
    let names = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    guard !names.contains(""), Set(names).count == names.count else { return nil }
    fields = names.map(ResultField.init)
  }
}
