// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A text that may still stand in its document: it costs nothing until it is asked for.
package enum LazyText: Sendable {
  case text(String)
  case json(JSONValue)

  /// The text of `value`; `nil` when it is not a string.
  package init?(_ value: JSONValue?) {
    guard let value, value.kind == .string else { return nil }
    self = .json(value)
  }

  /// The text.
  package var text: String {
    switch self {
    case .text(let text): text
    case .json(let value): value.string ?? ""
    }
  }
}

extension LazyText: Hashable {
  package static func == (one: LazyText, other: LazyText) -> Bool { one.text == other.text }
  package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
