// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// Memory for one document.
///
/// Documents of some KiB come and go by the million, made on one thread and left on another, which costs an allocator
/// more than all that is done with them. So blocks of these lengths are kept for the next ones, up to half a megabyte.
struct MemoryBlock: Sendable {
  // Whoever took it is the only one to touch it.
  nonisolated(unsafe) let start: UnsafeMutableRawPointer
  private let length: Int

  private struct Spare {
    /// By length in units, from the shortest that is kept.
    var blocks = [[MemoryBlock]](repeating: [], count: longest / unit)
    var length = 0
  }

  #if OPENAI_BATCH_ASAN
  /// The sanitizer is to see the end of each block, and of its use.
  private static let isShared = false
  #else
  private static let isShared = true
  #endif

  private static let unit = 1 << 10
  /// Longer ones are as cheap as what they hold is dear.
  private static let longest = 16 << 10
  private static let mostSpare = 512 << 10
  private static let spare = Mutex(Spare())

  /// A block of at least `length` bytes: its contents are whatever they are.
  static func take(length: Int) -> MemoryBlock {
    // Allocators have a quick way of their own for the short ones.
    guard isShared, unit + 1...longest ~= length else { return MemoryBlock(exactly: length) }
    let units = (length + unit - 1) / unit
    let block = spare.withLock { spare in
      let block = spare.blocks[units - 1].popLast()
      if block != nil { spare.length -= units * unit }
      return block
    }
    return block ?? MemoryBlock(exactly: units * unit)
  }

  private init(exactly length: Int) {
    start = .allocate(byteCount: length, alignment: MemoryLayout<JSONNode>.alignment)
    self.length = length
  }

  /// Gives the block back: it must not be touched any more.
  func give() {
    let isKept =
      Self.isShared && length > Self.unit && length <= Self.longest
      && Self.spare.withLock { spare in
        guard spare.length + length <= Self.mostSpare else { return false }
        spare.length += length
        spare.blocks[length / Self.unit - 1].append(self)
        return true
      }
    if !isKept { start.deallocate() }
  }
}
