// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser

/// The `custom_id`s of prepared rows.
struct RowNames {
  /// Where they come from.
  enum Source: String, ExpressibleByArgument, CaseIterable {
    /// The row's number: `row-17`.
    case row
    /// A hash of what is asked: the same row has the same name in every file.
    case content
  }

  /// Content names that were given, by their first 64 bits. Two different rows that share these only make one of
  /// them longer than it need be.
  private var given: Set<UInt64> = []
  /// How often those were given that were given more than once.
  private var repeats: [UInt64: Int] = [:]

  /// A content name that is unique: of equal rows the second one ends in `-2`, the third in `-3`.
  mutating func unique(_ name: String) -> String {
    let short = UInt64(name.prefix(16), radix: 16) ?? 0
    if given.insert(short).inserted { return name }
    let count = repeats[short, default: 1] + 1
    repeats[short] = count
    return "\(name)-\(count)"
  }
}
