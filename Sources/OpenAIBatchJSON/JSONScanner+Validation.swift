// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

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

  /// The members of the object that starts here that are whole and valid: what a damaged text still says.
  mutating func wholeMembers() -> [(key: Range<Int>, value: Range<Int>)] {
    var members: [(key: Range<Int>, value: Range<Int>)] = []
    skipWhitespace()
    guard take(UInt8(ascii: "{")) else { return [] }
    repeat {
      skipWhitespace()
      guard let member = try? validateMember(depth: 1) else { break }
      skipWhitespace()
      // A number may have been cut: only what stands behind it shows that it ends there.
      guard peek() == UInt8(ascii: ",") || peek() == UInt8(ascii: "}") else { break }
      members.append(member)
    } while take(UInt8(ascii: ","))
    return members
  }

  private mutating func validateMember(
    depth: Int
  ) throws(JSONFailure) -> (key: Range<Int>, value: Range<Int>) {
    guard peek() == UInt8(ascii: "\"") else { throw failure("expected a key in double quotes") }
    let keyStart = index
    try validateString()
    let key = keyStart..<index
    skipWhitespace()
    guard take(UInt8(ascii: ":")) else { throw failure("expected ':'") }
    skipWhitespace()
    let valueStart = index
    try validateValue(depth: depth)
    return (key, valueStart..<index)
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
      _ = try validateMember(depth: depth)
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
    guard take(word: word) else { throw failure("expected \(word)") }
  }

  private func failure(_ message: String) -> JSONFailure {
    var line = 1
    for position in 0..<min(index, end) where byte(at: position) == 0x0A { line += 1 }
    return JSONFailure(message, line: line, offset: index)
  }
}

private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
