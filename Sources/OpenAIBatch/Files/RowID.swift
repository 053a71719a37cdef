// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A `custom_id` as services compare it: byte by byte. To Swift, texts that look the same are equal.
package struct RowID: Hashable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (one: RowID, other: RowID) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

  // Of equal bytes the texts are equal, so the text's own hash will do.
  package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
