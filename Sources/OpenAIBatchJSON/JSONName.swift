// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A member's name that is looked for among keys: its first and last bytes as words, so that most keys are told from it
/// by one comparison.
struct JSONName {
  /// How many bytes from its first one a look at a key may touch, however short the key is.
  static let reach = 8

  /// The length of the key's literal, quotes included.
  let literalLength: UInt32
  private let bytes: UnsafeBufferPointer<UInt8>
  private let first: UInt64
  private let last: UInt64
  private let mask: UInt64

  @inline(__always)
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    literalLength = UInt32(truncatingIfNeeded: bytes.count &+ 2)
    mask = Self.mask(bytes.count)
    if bytes.count >= 8, let base = bytes.baseAddress {
      first = Self.word(base)
      last = Self.word(base + (bytes.count &- 8))
    } else {
      var word: UInt64 = 0
      for (index, byte) in bytes.enumerated() { word |= UInt64(byte) &<< UInt64(index &* 8) }
      first = word
      last = word
    }
  }

  /// The name's bit in a set of names: see ``bit(of:literalLength:)``.
  var bit: UInt64 { Self.bit(first, count: bytes.count) }

  /// One of 64 bits, which tells most names from each other, of the key that begins at a place.
  @inline(__always)
  static func bit(of place: UnsafePointer<UInt8>, literalLength: UInt32) -> UInt64 {
    let count = Int(literalLength) &- 2
    return bit(word(place) & mask(count), count: count)
  }

  @inline(__always)
  private static func bit(_ first: UInt64, count: Int) -> UInt64 {
    1 &<< (((first &+ UInt64(truncatingIfNeeded: count)) &* 0x9E37_79B9_7F4A_7C15) &>> 58)
  }

  /// Whether the name stands at a place, which is as long.
  @inline(__always)
  func isAt(_ place: UnsafePointer<UInt8>) -> Bool {
    let count = bytes.count
    guard Self.word(place) & mask == first else { return false }
    guard count > 8, let base = bytes.baseAddress else { return true }
    guard Self.word(place + (count &- 8)) == last else { return false }
    return count <= 16 || memcmp(place + 8, base + 8, count &- 16) == 0
  }

  /// What belongs to a name of `count` bytes in the word at its first one.
  @inline(__always)
  private static func mask(_ count: Int) -> UInt64 {
    count >= 8 ? .max : (1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1
  }

  @inline(__always)
  private static func word(_ place: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt64.self))
  }
}
