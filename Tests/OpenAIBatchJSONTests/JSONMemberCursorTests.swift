// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import Testing

/// A cursor finds what a walk from the first member finds, in whatever order it is asked.
struct JSONMemberCursorTests {
  private static let names =
    ["", "a", "id", "object", "status", "metadata", "created_at", "expires_at", "completion_window"]
    + (0..<40).map { "name_\($0)" } + (1...40).map { String(repeating: "x", count: $0) }
    + (1...40).map { String(repeating: "x", count: $0 - 1) + "y" }
    + (1...40).map { "y" + String(repeating: "x", count: $0 - 1) }

  /// An object with many names more than once, and the names in it.
  private static func object(seed: UInt64, escapes: Bool) -> (text: String, names: [String]) {
    var random = SplitMix64(seed: seed)
    let chosen = (0..<Int.random(in: 0...60, using: &random)).map { _ in
      names.randomElement(using: &random) ?? ""
    }
    let members = chosen.enumerated().map { index, name in
      let isEscaped = escapes && !name.isEmpty && Bool.random(using: &random)
      let written = isEscaped ? "\\u00" + String(name.utf8.first ?? 0, radix: 16) + name.dropFirst() : name
      return "\"\(written)\": \(Bool.random(using: &random) ? "\(index)" : "{\"id\":[\(index)]}")"
    }
    return ("{\(members.joined(separator: ", "))}", chosen)
  }

  @Test(arguments: 0..<200)
  func anyOrderFindsTheFirst(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed) + 1_000)
    let (text, chosen) = Self.object(seed: UInt64(seed), escapes: seed.isMultiple(of: 4))
    let value = try JSONValue(parsing: Array(text.utf8))
    let asked = (chosen + Self.names).shuffled(using: &random).prefix(60)
    let orders = [Array(asked), chosen, chosen.reversed(), asked.flatMap { [$0, $0, "none"] }]
    value.read { view in
      for order in orders {
        var cursor = JSONMemberCursor(view)
        for name in order {
          let found = cursor.member(named: name).map { value.value($0).bytes }
          #expect(found == value.members.first { $0.key == name }?.value.bytes, "\(name) of \(text)")
          #expect(found == view.member(named: name).map { value.value($0).bytes })
        }
      }
    }
  }

  /// How a key is written is not what it means.
  @Test func escapesAreCompared() throws {
    let value = try JSONValue(parsing: Array(#"{"\u0069d":1,"id":2,"a\\u0062":3}"#.utf8))
    value.read { view in
      var cursor = JSONMemberCursor(view)
      #expect(cursor.member(named: "id")?.int == 1)
      #expect(cursor.member(named: #"\u0069d"#) == nil)
      #expect(cursor.member(named: #"a\u0062"#)?.int == 3)
      #expect(cursor.member(named: "ab") == nil)
    }
  }

  @Test(arguments: ["[1]", "\"id\"", "1", "null", "true", "{}"])
  func whatHasNoMembersHasNone(text: String) throws {
    try JSONValue(parsing: Array(text.utf8)).read { view in
      var cursor = JSONMemberCursor(view)
      #expect(cursor.member(named: "id") == nil && cursor.member(named: "") == nil)
    }
  }
}
