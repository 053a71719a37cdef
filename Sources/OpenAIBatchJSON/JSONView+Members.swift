// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

extension JSONView {
  /// Where the value stands in its text, quotes included.
  package var range: Range<Int> { Int(raw.start)..<Int(raw.end) }

  /// Hands over all members in order, duplicates included: the key, as the string that it is, and the value.
  package func forEachMember(_ body: (_ key: JSONView, _ value: JSONView) -> Void) {
    for key in keys { body(key, key.at(key.node + 1)) }
  }
}
