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
/// This file is the only one of the module that touches raw memory. A scanner lives inside one
/// `withUnsafeBytes`; every read is preceded by a comparison with `end`.
struct JSONScanner {
  private let base: UnsafeRawPointer
  private let end: Int
  private(set) var index: Int

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

// MARK: Validation

extension JSONScanner {
  /// Checks one value with white space around it, up to the end of the bytes.
  ///
  /// - Returns: The range of the value itself.
  mutating func validateDocument() throws(JSONFailure) -> Range<Int> {
    skipWhitespace()
    let start = index
    try validateValue(depth: 0)
    let stop = index
    skipWhitespace()
    guard index == end else { throw failure("expected the end of the text") }
    return start..<stop
  }

  private mutating func validateValue(depth: Int) throws(JSONFailure) {
    guard let byte = peek() else { throw failure("expected a value, found the end of the text") }
    switch byte {
    case UInt8(ascii: "{"): try validateObject(depth: depth + 1)
    case UInt8(ascii: "["): try validateArray(depth: depth + 1)
    case UInt8(ascii: "\""): try validateString()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try validateNumber()
    case UInt8(ascii: "t"): try expectWord("true")
    case UInt8(ascii: "f"): try expectWord("false")
    case UInt8(ascii: "n"): try expectWord("null")
    default: throw failure("expected a value")
    }
  }

  private mutating func validateObject(depth: Int) throws(JSONFailure) {
    guard depth <= Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth) levels") }
    index += 1
    skipWhitespace()
    if take(UInt8(ascii: "}")) { return }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw failure("expected a key in double quotes") }
      try validateString()
      skipWhitespace()
      guard take(UInt8(ascii: ":")) else { throw failure("expected ':'") }
      skipWhitespace()
      try validateValue(depth: depth)
      skipWhitespace()
      if take(UInt8(ascii: "}")) { return }
      guard take(UInt8(ascii: ",")) else { throw failure("expected ',' or '}'") }
      skipWhitespace()
    }
  }

  private mutating func validateArray(depth: Int) throws(JSONFailure) {
    guard depth <= Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth) levels") }
    index += 1
    skipWhitespace()
    if take(UInt8(ascii: "]")) { return }
    while true {
      try validateValue(depth: depth)
      skipWhitespace()
      if take(UInt8(ascii: "]")) { return }
      guard take(UInt8(ascii: ",")) else { throw failure("expected ',' or ']'") }
      skipWhitespace()
    }
  }

  private mutating func validateString() throws(JSONFailure) {
    index += 1
    while true {
      skipPlainASCII()
      guard let byte = peek() else { throw failure("the string has no closing quote") }
      switch byte {
      case UInt8(ascii: "\""):
        index += 1
        return
      case UInt8(ascii: "\\"):
        try validateEscape()
      case 0x80...:
        try validateUTF8()
      default:
        throw failure("a control character in a string must be escaped")
      }
    }
  }

  private mutating func validateEscape() throws(JSONFailure) {
    index += 1
    guard let byte = peek() else { throw failure("the string has no closing quote") }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      index += 1
    case UInt8(ascii: "u"):
      index += 1
      let unit = try hexUnit()
      // RFC 8259 allows a lone surrogate in the grammar; it stands for no character, so it is refused.
      if unit & 0xFC00 == 0xD800 {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), try hexUnit() & 0xFC00 == 0xDC00 else {
          throw failure("a high surrogate must be followed by a low one")
        }
      } else if unit & 0xFC00 == 0xDC00 {
        throw failure("a low surrogate stands alone")
      }
    default:
      throw failure("unknown escape in a string")
    }
  }

  private mutating func hexUnit() throws(JSONFailure) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = peek().flatMap(hexDigit) else { throw failure("expected four hexadecimal digits") }
      unit = unit << 4 | UInt16(digit)
      index += 1
    }
    return unit
  }

  private mutating func validateUTF8() throws(JSONFailure) {
    let lead = byte(at: index)
    let second = index + 1 < end ? byte(at: index + 1) : 0
    let length: Int
    let isValid: Bool
    switch lead {  // RFC 3629, section 4: no overlong forms, no surrogates, nothing above U+10FFFF
    case 0xC2...0xDF: (length, isValid) = (2, second & 0xC0 == 0x80)
    case 0xE0: (length, isValid) = (3, 0xA0...0xBF ~= second)
    case 0xED: (length, isValid) = (3, 0x80...0x9F ~= second)
    case 0xE1...0xEF: (length, isValid) = (3, second & 0xC0 == 0x80)
    case 0xF0: (length, isValid) = (4, 0x90...0xBF ~= second)
    case 0xF4: (length, isValid) = (4, 0x80...0x8F ~= second)
    case 0xF1...0xF3: (length, isValid) = (4, second & 0xC0 == 0x80)
    default: (length, isValid) = (1, false)
    }
    guard isValid, index + length <= end,
      (2..<max(length, 2)).allSatisfy({ byte(at: index + $0) & 0xC0 == 0x80 })
    else { throw failure("not UTF-8") }
    index += length
  }

  private mutating func validateNumber() throws(JSONFailure) {
    _ = take(UInt8(ascii: "-"))
    if take(UInt8(ascii: "0")) {
      // No further digit may follow a leading zero; whatever follows is checked by the caller.
      if let byte = peek(), isDigit(byte) { throw failure("a number must not start with 0") }
    } else {
      try expectDigits()
    }
    if take(UInt8(ascii: ".")) { try expectDigits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
      try expectDigits()
    }
  }

  private mutating func expectDigits() throws(JSONFailure) {
    let start = index
    while let byte = peek(), isDigit(byte) { index += 1 }
    guard index > start else { throw failure("expected a digit") }
  }

  private mutating func expectWord(_ word: StaticString) throws(JSONFailure) {
    let length = word.utf8CodeUnitCount
    guard index + length <= end, memcmp(base + index, word.utf8Start, length) == 0 else {
      throw failure("expected \(word)")
    }
    index += length
  }

  private func failure(_ message: String) -> JSONFailure {
    var line = 1
    for position in 0..<min(index, end) where byte(at: position) == 0x0A { line += 1 }
    return JSONFailure(message, line: line, offset: index)
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
    guard let first = content.firstIndex(of: UInt8(ascii: "\\")) else {
      return String(decoding: content, as: UTF8.self)
    }
    var text: [UInt8] = []
    text.reserveCapacity(content.count)
    text += content[..<first]
    var position = first
    while position < content.count {
      let byte = content[position]
      position += 1
      guard byte == UInt8(ascii: "\\"), position < content.count else {
        text.append(byte)
        continue
      }
      let escape = content[position]
      position += 1
      guard escape == UInt8(ascii: "u") else {
        text.append(Self.escapes[escape] ?? escape)
        continue
      }
      var scalar = Self.hex(content, &position)
      if scalar & 0xFC00 == 0xD800 {
        position += 2
        scalar = 0x10000 + (scalar & 0x3FF) << 10 + Self.hex(content, &position) & 0x3FF
      }
      if let scalar = Unicode.Scalar(scalar) { text += UTF8.encode(scalar).map(Array.init) ?? [] }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D,
    UInt8(ascii: "t"): 0x09,
  ]

  private static func hex(_ content: UnsafeRawBufferPointer, _ position: inout Int) -> UInt32 {
    let digits = content[min(position, content.count)..<min(position + 4, content.count)]
    position += 4
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

  private func byte(at index: Int) -> UInt8 { base.load(fromByteOffset: index, as: UInt8.self) }

  private func peek() -> UInt8? { index < end ? byte(at: index) : nil }

  private mutating func take(_ wanted: UInt8) -> Bool {
    guard index < end, byte(at: index) == wanted else { return false }
    index += 1
    return true
  }

  private mutating func skipWhitespace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
  }

  /// Advances over printable ASCII that is neither a quote nor a backslash, eight bytes at a time.
  private mutating func skipPlainASCII() {
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

private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

private func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
