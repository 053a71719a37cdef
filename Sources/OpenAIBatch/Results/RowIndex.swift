// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Finds rows by a hash of their id: four bytes for each row, and four for each slot of a table that is at most
/// three quarters full.
///
/// Hashes may collide, so the index only proposes rows; whoever holds the ids compares them.
struct RowIndex {
  private var hashes: [UInt32] = []
  /// Row numbers counted from 1; 0 is a free slot. The count is a power of two.
  private var slots = [UInt32](repeating: 0, count: 1024)
  private var used = 0

  /// The most rows that the numbers of the slots reach.
  static let maximumCount = Int(clamping: UInt32.max)

  /// Adds a row, numbered from 0 in the order of adding.
  ///
  /// - Parameter hash: The hash to find it by; `nil` for a row that is not to be found.
  mutating func append(_ hash: UInt32?) {
    hashes.append(hash ?? 0)
    guard let hash else { return }
    if used >= slots.count / 4 * 3 { grow() }
    used += 1
    fill(firstSlot(hash), with: UInt32(hashes.count))
  }

  /// The row with this hash for which `isMatch` holds.
  func row<Failure>(
    _ hash: UInt32, where isMatch: (Int) throws(Failure) -> Bool
  ) throws(Failure) -> Int? {
    var slot = firstSlot(hash)
    while slots[slot] != 0 {
      let row = Int(slots[slot]) - 1
      if hashes[row] == hash, try isMatch(row) { return row }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private func firstSlot(_ hash: UInt32) -> Int { Int(truncatingIfNeeded: hash) & (slots.count - 1) }

  private mutating func fill(_ first: Int, with number: UInt32) {
    var slot = first
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = number
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt32](repeating: 0, count: old.count * 2)
    for number in old where number != 0 { fill(firstSlot(hashes[Int(number) - 1]), with: number) }
  }
}
