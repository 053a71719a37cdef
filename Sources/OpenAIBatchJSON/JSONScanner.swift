// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Walks JSON bytes by RFC 8259: validates them, and finds values in text that is already valid.
///
/// This file is the only one of the project that reads JSON through raw memory. A scanner lives inside one
/// `withUnsafeBytes`; every read is preceded by a comparison with `end`.
struct JSONScanner {
  private let base: UnsafeRawPointer
  let end: Int
  var index: Int

  /// Nesting deeper than this is refused, so that a hostile text cannot exhaust the stack.
  static let maximumDepth = 512

  private init(_ buffer: UnsafeRawBufferPointer, at index: Int) {
    // An empty buffer may have no address; it is never read, because `end` is 0.
    base = buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
    end = buffer.count
    self.index = index
  }

  /// Runs `body` with a scanner over `bytes`; its indices count from the slice's start.
  static func scan<Result, Failure: Error>(
    _ bytes: ArraySlice<UInt8>, at index: Int = 0, _ body: (inout JSONScanner) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try bytes.withUnsafeBufferPointer { buffer throws(Failure) in
      var scanner = JSONScanner(UnsafeRawBufferPointer(buffer), at: index)
      return try body(&scanner)
    }
  }

  /// The distance to the first line feed, or `nil` when there is none.
  static func newline(in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress, let found = memchr(base, 0x0A, buffer.count) else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }
}

// MARK: Walking text that is already valid

extension JSONScanner {
  /// The value of the first member called `key` in the object that starts here.
  ///
  /// Keys with escapes are compared by their meaning.
  mutating func member(_ key: String) -> Range<Int>? {
    guard take(UInt8(ascii: "{")) else { return nil }
    var key = key
    return key.withUTF8 { wanted in
      while let range = nextMember() {
        let name = UnsafeRawBufferPointer(
          rebasing: buffer[range.key.lowerBound + 1..<range.key.upperBound - 1])
        let isMatch =
          name.contains(UInt8(ascii: "\\"))
          ? unescaped(range.key).utf8.elementsEqual(wanted)
          : name.elementsEqual(UnsafeRawBufferPointer(wanted))
        if isMatch { return range.value }
      }
      return nil
    }
  }

  /// All members of the object that starts here; an empty list for another value.
  mutating func members() -> [(key: Range<Int>, value: Range<Int>)] {
    guard take(UInt8(ascii: "{")) else { return [] }
    var members: [(key: Range<Int>, value: Range<Int>)] = []
    while let member = nextMember() { members.append(member) }
    return members
  }

  /// All elements of the array that starts here; an empty list for another value.
  mutating func elements() -> [Range<Int>] {
    guard take(UInt8(ascii: "[")) else { return [] }
    var elements: [Range<Int>] = []
    while true {
      skipSeparators()
      guard let byte = peek(), byte != UInt8(ascii: "]") else { return elements }
      elements.append(skipValue())
    }
  }

  /// The element at `position` of the array that starts here.
  mutating func element(_ position: Int) -> Range<Int>? {
    guard position >= 0, take(UInt8(ascii: "[")) else { return nil }
    var left = position
    while true {
      skipSeparators()
      guard let byte = peek(), byte != UInt8(ascii: "]") else { return nil }
      let range = skipValue()
      if left == 0 { return range }
      left -= 1
    }
  }

  /// The text of the string literal at `range`, quotes included, without its escapes.
  func unescaped(_ range: Range<Int>) -> String {
    let content = UnsafeRawBufferPointer(rebasing: buffer[range.lowerBound + 1..<range.upperBound - 1])
    var text: [UInt8] = []
    var position = 0
    while let backslash = content[position...].firstIndex(of: UInt8(ascii: "\\")),
      backslash + 1 < content.count
    {
      if text.isEmpty { text.reserveCapacity(content.count) }
      text += content[position..<backslash]
      let escape = content[backslash + 1]
      position = backslash + 2
      guard escape == UInt8(ascii: "u") else {
        text.append(Self.meaning(ofEscape: escape))
        continue
      }
      var scalar = Self.hex(content, &position)
      if scalar & 0xFC00 == 0xD800 {
        position = min(position + 2, content.count)
        scalar = 0x10000 + (scalar & 0x3FF) << 10 + Self.hex(content, &position) & 0x3FF
      }
      if let scalar = Unicode.Scalar(scalar), let encoded = UTF8.encode(scalar) { text += encoded }
    }
    guard position > 0 else { return String(decoding: content, as: UTF8.self) }
    text += content[position...]
    return String(decoding: text, as: UTF8.self)
  }

  private static func meaning(ofEscape byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: byte
    }
  }

  private static func hex(_ content: UnsafeRawBufferPointer, _ position: inout Int) -> UInt32 {
    let digits = content[position...].prefix(4)
    position = digits.endIndex
    return digits.reduce(0) { $0 << 4 | UInt32(hexDigit($1) ?? 0) }
  }

  private mutating func nextMember() -> (key: Range<Int>, value: Range<Int>)? {
    skipSeparators()
    guard peek() == UInt8(ascii: "\"") else { return nil }
    let key = skipValue()
    skipWhitespace()
    index += 1  // the colon
    skipWhitespace()
    return (key, skipValue())
  }

  private mutating func skipValue() -> Range<Int> {
    let start = index
    var depth = 0
    repeat {
      guard let byte = peek() else { break }
      switch byte {
      case UInt8(ascii: "\""):
        skipString()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        index += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        index += 1
      default:
        index += 1
        if depth == 0 { skipScalar() }
      }
    } while depth > 0
    return start..<index
  }

  private mutating func skipString() {
    index += 1
    while true {
      skipPlainASCII()
      guard let byte = peek() else { return }
      index += byte == UInt8(ascii: "\\") ? 2 : 1
      if byte == UInt8(ascii: "\"") { return }
    }
  }

  private mutating func skipScalar() {
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09: return
      default: index += 1
      }
    }
  }

  private mutating func skipSeparators() {
    skipWhitespace()
    if take(UInt8(ascii: ",")) { skipWhitespace() }
  }
}

// MARK: Bytes

extension JSONScanner {
  private var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: end) }

  func byte(at index: Int) -> UInt8 { base.load(fromByteOffset: index, as: UInt8.self) }

  func peek() -> UInt8? { index < end ? byte(at: index) : nil }

  mutating func take(_ wanted: UInt8) -> Bool {
    guard index < end, byte(at: index) == wanted else { return false }
    index += 1
    return true
  }

  mutating func skipWhitespace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
  }

  /// Advances over `word`, if it stands here.
  mutating func take(word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard index + length <= end, memcmp(base + index, word.utf8Start, length) == 0 else { return false }
    index += length
    return true
  }

  /// Advances over printable ASCII that is neither a quote nor a backslash, eight bytes at a time.
  mutating func skipPlainASCII() {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    while index + 8 <= end {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let quotes = word ^ (ones &* 0x22)
      let backslashes = word ^ (ones &* 0x5C)
      // The lowest set high bit marks the first byte that is a quote, a backslash, a control character or
      // not ASCII: borrows of the subtractions can only set false marks above a true one.
      let marks =
        (word | (word &- ones &* 0x20) | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes)
        & highs
      if marks != 0 {
        index += marks.trailingZeroBitCount >> 3
        return
      }
      index += 8
    }
    while let byte = peek(), byte >= 0x20, byte < 0x80, byte != 0x22, byte != 0x5C { index += 1 }
  }
}

func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
