// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// Memory for one document.
///
/// Documents of some KiB come and go by the million, made on one thread and left on another, which costs an allocator
/// more than all that is done with them. So blocks of these lengths are kept for the next ones: by each thread up to
/// 32 KiB of each length, and for all threads together up to half a megabyte.
struct MemoryBlock {
  let start: UnsafeMutableRawPointer
  /// The length in units of a block that is kept; 0 for another one.
  private let units: Int

  #if OPENAI_BATCH_ASAN
  /// The sanitizer is to see the end of each block, and of its use.
  private static let isKept = false
  #else
  private static let isKept = true
  #endif

  fileprivate static let unit = 1 << 10
  /// Longer ones are as cheap as what they hold is dear.
  fileprivate static let mostUnits = 16

  /// A block of at least `length` bytes: its contents are whatever they are.
  static func take(length: Int) -> MemoryBlock {
    let units = (length + unit - 1) / unit
    // Allocators have a quick way of their own for the short ones.
    guard isKept, 2...mostUnits ~= units else {
      return MemoryBlock(start: allocate(length), units: 0)
    }
    let start = JSONScratch.threads.withCurrent { $0.blocks.take(units) } ?? allocate(units * unit)
    return MemoryBlock(start: start, units: units)
  }

  /// Gives the block back: it must not be touched any more.
  func give() {
    if units > 0 {
      JSONScratch.threads.withCurrent { $0.blocks.give(start, units) }
    } else {
      start.deallocate()
    }
  }

  private static func allocate(_ length: Int) -> UnsafeMutableRawPointer {
    .allocate(byteCount: length, alignment: MemoryLayout<JSONNode>.alignment)
  }
}

/// The blocks that one thread has at hand: of each length a list, chained through the blocks themselves.
///
/// A list that has become long goes to all threads, whole, and one that is empty is replaced by such a one: so a lock
/// is taken once for many blocks.
struct SpareBlocks {
  /// What stands at the beginning of a block that is kept.
  private struct Link {
    var next: UnsafeMutablePointer<Link>?
    /// In the first block of a list for all threads: the list after it.
    var nextList: UnsafeMutablePointer<Link>?
  }

  private struct List {
    var first: UnsafeMutablePointer<Link>?
    var count = 0
  }

  /// Unchecked for its pointers, which only the holder of the lock around it follows.
  private struct Shared: @unchecked Sendable {
    /// Lists, by the units of their blocks.
    let lists = SpareBlocks.table(of: UnsafeMutablePointer<Link>?.none)
    /// The bytes of all their blocks.
    var length = 0
  }

  private static let shared = Mutex(Shared())
  private static let mostShared = 512 << 10
  /// The bytes of a list that goes to all threads, at most.
  private static let listLength = 32 << 10

  private static func listCount(_ units: Int) -> Int { listLength / (units * MemoryBlock.unit) }

  /// By the units of their blocks.
  private let lists = Self.table(of: List())

  private static func table<Entry>(of entry: Entry) -> UnsafeMutablePointer<Entry> {
    let table = UnsafeMutablePointer<Entry>.allocate(capacity: MemoryBlock.mostUnits + 1)
    table.initialize(repeating: entry, count: MemoryBlock.mostUnits + 1)
    return table
  }

  /// A block of that many units, if there is one.
  func take(_ units: Int) -> UnsafeMutableRawPointer? {
    guard let block = lists[units].first ?? Self.takeShared(units) else { return nil }
    if lists[units].count == 0 { lists[units].count = Self.listCount(units) }
    lists[units].first = block.pointee.next
    lists[units].count -= 1
    return UnsafeMutableRawPointer(block)
  }

  /// Keeps a block of that many units.
  func give(_ block: UnsafeMutableRawPointer, _ units: Int) {
    if lists[units].count == Self.listCount(units) { share(units) }
    let link = block.bindMemory(to: Link.self, capacity: 1)
    link.initialize(to: Link(next: lists[units].first))
    lists[units].first = link
    lists[units].count += 1
  }

  /// Gives a whole list to all threads, or its memory back.
  private func share(_ units: Int) {
    let list = lists[units]
    lists[units] = List()
    let isTaken = Self.shared.withLock { shared in
      guard shared.length + Self.listLength <= Self.mostShared else { return false }
      shared.length += Self.listLength
      list.first?.pointee.nextList = shared.lists[units]
      shared.lists[units] = list.first
      return true
    }
    if !isTaken { Self.deallocate(list) }
  }

  private static func takeShared(_ units: Int) -> UnsafeMutablePointer<Link>? {
    shared.withLock { shared in
      guard let list = shared.lists[units] else { return nil }
      shared.lists[units] = list.pointee.nextList
      shared.length -= listLength
      return list
    }
  }

  private static func deallocate(_ list: List) {
    var link = list.first
    while let block = link {
      link = block.pointee.next
      block.deallocate()
    }
  }

  func deallocate() {
    for units in 0...MemoryBlock.mostUnits { Self.deallocate(lists[units]) }
    lists.deallocate()
  }
}
