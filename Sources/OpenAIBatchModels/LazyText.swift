// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

/// A text that is known, or one of a document that is read when it is asked for. Equal when the texts are.
enum LazyText: Sendable, Hashable {
  case text(String?)
  case value(JSONValue)

  /// `nil` also for a value that is not a string.
  var text: String? {
    switch self {
    case .text(let text): text
    case .value(let value): value.string
    }
  }

  static func == (one: LazyText, other: LazyText) -> Bool { one.text == other.text }

  func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension LazyText: CustomStringConvertible, CustomReflectable {
  var description: String { text.map { "\"\($0)\"" } ?? "nil" }
  var customMirror: Mirror { Mirror(reflecting: text as Any) }
}
