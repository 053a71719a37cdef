// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The places of `custom_id`s, found by their hashes: where they stand in a file, or the numbers of their rows.
///
/// An id takes one slot of eight bytes: 40 bits for its place and 24 of its hash. Eight further bits
/// choose one of 256 parts, each of which grows on its own, so that growing never doubles the whole. Parts are at
/// most three quarters full: 11 to 22 bytes an id.
struct CustomIDTable {
  /// Places are smaller than this: 1 TiB, when they are bytes.
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
  ///   - place: Its place: 1 or more, and less than ``endOfPlaces``.
  ///   - isSame: Whether the id at another place is the same; asked for about one in 2³² pairs of different ids.
  /// - Returns: The place of the same id, if it is there already.
  mutating func insert<Failure: Error>(
    hash: UInt64, place: Int64, isSame: (Int64) throws(Failure) -> Bool
  ) throws(Failure) -> Int64? {
    let part = Int(hash & 0xFF)
    if parts[part].count * 4 >= parts[part].slots.count * 3 { parts[part].grow() }
    let (index, earlier) = try find(hash, isSame)
    guard earlier == nil else { return earlier }
    parts[part].slots[index] = (hash >> 40) << 40 | UInt64(place)
    parts[part].count += 1
    return nil
  }

  /// The place of an id, if it is there.
  ///
  /// - Parameters:
  ///   - hash: The id's hash.
  ///   - isSame: Whether the id at a place is the same.
  func place<Failure: Error>(
    hash: UInt64, isSame: (Int64) throws(Failure) -> Bool
  ) throws(Failure) -> Int64? {
    try find(hash, isSame).place
  }

  /// The slot of an id and its place, or the free slot where it belongs.
  private func find<Failure: Error>(
    _ hash: UInt64, _ isSame: (Int64) throws(Failure) -> Bool
  ) throws(Failure) -> (index: Int, place: Int64?) {
    let part = Int(hash & 0xFF)
    let tag = hash >> 40
    var index = parts[part].home(tag)
    while true {
      let slot = parts[part].slots[index]
      if slot == 0 { return (index, nil) }
      if slot >> 40 == tag {
        let place = Int64(slot & 0xFF_FFFF_FFFF)
        if try isSame(place) { return (index, place) }
      }
      index = (index + 1) & (parts[part].slots.count - 1)
    }
  }
}
