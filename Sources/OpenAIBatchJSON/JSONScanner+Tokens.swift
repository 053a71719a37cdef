// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

// Many bytes at a time where it pays: inside strings, and in the white space of indented text.

extension JSONScanner {
  /// Steps over white space.
  @inline(__always)
  func skipWhitespace(_ index: inout Int) {
    if base[index] > 0x20 { return }
    // One space, as most writers leave it.
    if base[index] == 0x20, base[index &+ 1] > 0x20 {
      index &+= 1
    } else {
      index = whitespaceEnd(from: index)
    }
  }

  @inline(never)
  private func whitespaceEnd(from start: Int) -> Int {
    var index = start
    while index < end {
      switch base[index] {
      case 0x20: index &+= Self.firstMark(load(index) .!= SIMD16(repeating: 0x20))
      case 0x0A where isLine: return index
      case 0x0A, 0x0D, 0x09: index &+= 1
      default: return index
      }
    }
    return index
  }

  /// Steps over the string that starts here.
  @inline(__always)
  func scanString(_ index: inout Int) throws(Fault) -> JSONNode.Flags {
    index &+= 1
    index &+= Self.firstMark(stops(load(index)))
    if base[index] == UInt8(ascii: "\"") {
      index &+= 1
      return []
    }
    let (behind, flags) = try restOfString(from: index)
    index = behind
    return flags
  }

  @inline(never)
  private func restOfString(from start: Int) throws(Fault) -> (Int, JSONNode.Flags) {
    var index = start
    var flags: JSONNode.Flags = []
    while true {
      index = stop(from: index)
      switch base[index] {
      case UInt8(ascii: "\""):
        return (index &+ 1, flags)
      case UInt8(ascii: "\\"):
        if !flags.contains(.escaped) { flags = .escaped }
        let next = base[index &+ 1]
        if next == UInt8(ascii: "u") {
          if try !scanUnicodeEscape(&index) { flags = .loneSurrogate }
        } else {
          guard Self.isSimpleEscape(next) else { throw Fault("unknown escape in a string", index &+ 1) }
          index &+= 2
        }
      case 0x80...:
        if flags.isEmpty { flags = .beyondASCII }
        try scanUTF8(&index)
      default:
        guard index < end else { throw Fault("the string has no closing quote", index) }
        throw Fault("a control character in a string must be escaped", index)
      }
    }
  }

  /// The next byte that ends a run of plain text.
  @inline(__always)
  private func stop(from start: Int) -> Int {
    var index = start
    while true {
      let (first, second) = (stops(load(index)), stops(load(index &+ 16)))
      let either = unsafeBitCast(first .| second, to: SIMD2<UInt64>.self)
      // A branch in place of a sum: the next load need not wait for this one's marks.
      if either[0] | either[1] != 0 {
        let run = Self.firstMark(first)
        return index &+ (run < 16 ? run : 16 &+ Self.firstMark(second))
      }
      index &+= 32
    }
  }

  @inline(__always)
  private func load(_ index: Int) -> SIMD16<Int8> {
    UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<Int8>.self)
  }

  /// Marks what ends a run of plain text: a quote, a backslash, a control character, a byte that is not ASCII.
  @inline(__always)
  private func stops(_ bytes: SIMD16<Int8>) -> SIMDMask<SIMD16<Int8>> {
    // As a signed number a byte that is not ASCII is below 0x20, too.
    (bytes .< SIMD16(repeating: 0x20)) .| (bytes .== SIMD16(repeating: 0x22))
      .| (bytes .== SIMD16(repeating: 0x5C))
  }

  /// The position of the first mark, or 16.
  @inline(__always)
  private static func firstMark(_ mask: SIMDMask<SIMD16<Int8>>) -> Int {
    firstMark(unsafeBitCast(mask, to: SIMD2<UInt64>.self))
  }

  @inline(__always)
  private static func firstMark(_ halves: SIMD2<UInt64>) -> Int {
    if halves[0] != 0 { return UInt64(littleEndian: halves[0]).trailingZeroBitCount &>> 3 }
    return 8 &+ UInt64(littleEndian: halves[1]).trailingZeroBitCount &>> 3
  }

  /// Whether a byte ends an escape of two bytes: one of `"\/bfnrt`.
  @inline(__always)
  private static func isSimpleEscape(_ byte: UInt8) -> Bool {
    // A bit for each, those of letters and of the backslash 0x40 below, in place of a jump that depends on the text.
    let others: UInt64 = 1 << 0x22 | 1 << 0x2F
    let letters: UInt64 = 1 << 0x1C | 1 << 0x22 | 1 << 0x26 | 1 << 0x2E | 1 << 0x32 | 1 << 0x34
    let bits = byte < 0x40 ? others : byte < 0x80 ? letters : 0
    return bits &>> UInt64(byte & 0x3F) & 1 != 0
  }

  /// Steps over a `\u` escape, or over two that are a pair of surrogates.
  ///
  /// - Returns: Whether it stands for a character: a lone surrogate does not.
  @inline(__always)
  private func scanUnicodeEscape(_ index: inout Int) throws(Fault) -> Bool {
    let unit = try hexUnit(at: index &+ 2)
    index &+= 6
    guard unit & 0xF800 == 0xD800 else { return true }
    guard unit & 0xFC00 == 0xD800, base[index] == UInt8(ascii: "\\"),
      base[index &+ 1] == UInt8(ascii: "u"), try hexUnit(at: index &+ 2) & 0xFC00 == 0xDC00
    else { return false }  // What follows may begin a pair of its own.
    index &+= 6
    return true
  }

  private func hexUnit(at start: Int) throws(Fault) -> UInt16 {
    var unit: UInt16 = 0
    for index in start..<start &+ 4 {
      let digit = hexDigit(base[index])
      guard digit < 16 else { throw Fault("expected four hexadecimal digits", index) }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// Steps over bytes that are not ASCII, by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
  @inline(__always)
  private func scanUTF8(_ index: inout Int) throws(Fault) {
    repeat {
      let lead = base[index]
      if lead < 0xE0 {
        guard lead >= 0xC2, isContinuation(index &+ 1) else { throw Fault("not UTF-8", index) }
        index &+= 2
      } else if lead < 0xF0 {
        guard isContinuation(index &+ 1), isContinuation(index &+ 2) else { throw Fault("not UTF-8", index) }
        let top = UInt16(lead & 0x0F) << 6 | UInt16(base[index &+ 1] & 0x3F)
        guard top >= 0x800 >> 6, top & 0x3E0 != 0xD800 >> 6 else { throw Fault("not UTF-8", index) }
        index &+= 3
      } else {
        guard lead < 0xF5, isContinuation(index &+ 1), isContinuation(index &+ 2), isContinuation(index &+ 3)
        else { throw Fault("not UTF-8", index) }
        let top = UInt16(lead & 0x07) << 6 | UInt16(base[index &+ 1] & 0x3F)
        guard 0x10...0x10F ~= top else { throw Fault("not UTF-8", index) }
        index &+= 4
      }
    } while base[index] >= 0x80
  }

  @inline(__always)
  private func isContinuation(_ index: Int) -> Bool { base[index] & 0xC0 == 0x80 }

  /// Steps over a number.
  @inline(__always)
  func scanNumber(_ index: inout Int) throws(Fault) -> JSONNode.Flags {
    if base[index] == UInt8(ascii: "-") {
      index &+= 1
    } else if base[index] &- 0x30 >= 10 {
      throw Fault(index < end ? "expected a value" : "expected a value, found the end of the text", index)
    }
    if base[index] == UInt8(ascii: "0") {
      index &+= 1
      if base[index] &- 0x30 < 10 { throw Fault("a number must not start with 0", index) }
    } else {
      try expectDigits(&index)
    }
    var flags: JSONNode.Flags = []
    if base[index] == UInt8(ascii: ".") {
      flags = .fractional
      index &+= 1
      try expectDigits(&index)
    }
    if base[index] | 0x20 == UInt8(ascii: "e") {
      flags = .fractional
      index &+= 1
      if base[index] == UInt8(ascii: "+") || base[index] == UInt8(ascii: "-") { index &+= 1 }
      try expectDigits(&index)
    }
    return flags
  }

  @inline(__always)
  private func expectDigits(_ index: inout Int) throws(Fault) {
    let start = index
    while base[index] &- 0x30 < 10 { index &+= 1 }
    guard index > start else { throw Fault("expected a digit", index) }
  }

  /// Steps over a word.
  @inline(__always)
  func expect(_ word: StaticString, _ index: inout Int) throws(Fault) {
    let length = word.utf8CodeUnitCount
    guard memcmp(base + index, word.utf8Start, length) == 0 else {
      throw Fault("expected a value", index)
    }
    index += length
  }
}
