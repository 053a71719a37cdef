// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Where the `custom_id`s of a file stand, found by their hashes.
///
/// An id takes one slot of eight bytes: 40 bits for its place in the file and 24 of its hash. Eight further bits
/// choose one of 256 parts, each of which grows on its own, so that growing never doubles the whole. Parts are at
/// most three quarters full: 11 to 22 bytes an id.
struct CustomIDTable {
  /// Places are smaller than this: 1 TiB.
  static let endOfPlaces: Int64 = 1 << 40

  private struct Part {
    var slots: [UInt64] = Array(repeating: 0, count: 16)
    var count = 0

    func home(_ tag: UInt64) -> Int {
      Int((tag &* UInt64(slots.count)) >> 24)
    }

    mutating func grow() {
      let old = slots
      slots = Array(repeating: 0, count: old.count * 2)
      for slot in old where slot != 0 {
        var index = home(slot >> 40)
        while slots[index] != 0 { index = (index + 1) & (slots.count - 1) }
        slots[index] = slot
      }
    }
  }
  private var parts = Array(repeating: Part(), count: 256)

  /// Adds an id, unless it is there.
  ///
  /// - Parameters:
  ///   - hash: The id's hash.
  ///   - place: Where it stands: 1 or more, and less than ``endOfPlaces``.
  ///   - isSame: Whether the id at another place is the same; asked for about one in 2³² pairs of different ids.
  /// - Returns: The place of the same id, if it is there already.
  mutating func insert<Failure: Error>(
    hash: UInt64, place: Int64, isSame: (Int64) throws(Failure) -> Bool
  ) throws(Failure) -> Int64? {
    let part = Int(hash & 0xFF)
    let tag = hash >> 40
    if parts[part].count * 4 >= parts[part].slots.count * 3 { parts[part].grow() }
    var index = parts[part].home(tag)
    while true {
      let slot = parts[part].slots[index]
      if slot == 0 { break }
      if slot >> 40 == tag {
        let earlier = Int64(slot & 0xFF_FFFF_FFFF)
        if try isSame(earlier) { return earlier }
      }
      index = (index + 1) & (parts[part].slots.count - 1)
    }
    parts[part].slots[index] = tag << 40 | UInt64(place)
    parts[part].count += 1
    return nil
  }
}
