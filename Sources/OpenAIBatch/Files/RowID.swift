// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A `custom_id` as services compare it: byte by byte. To Swift, texts that look the same are equal.
package struct RowID: Hashable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (one: RowID, other: RowID) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

  // A text's own hash is the same for all that look the same: many of them would be searched one by one.
  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
