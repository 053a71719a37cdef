// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

extension JSONText {
  /// A text as a JSON string, as ``encode(_:)`` writes it.
  package static func literal(_ text: String) -> [UInt8] {
    var literal: [UInt8] = []
    literal.reserveCapacity(text.utf8.count + 2)
    literal.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): literal += [UInt8(ascii: "\\"), byte]
      case 0x08: literal += "\\b".utf8
      case 0x09: literal += "\\t".utf8
      case 0x0A: literal += "\\n".utf8
      case 0x0C: literal += "\\f".utf8
      case 0x0D: literal += "\\r".utf8
      case 0..<0x20: literal += "\\u00\(byte < 0x10 ? "0" : "1")\(String(byte & 0x0F, radix: 16))".utf8
      default: literal.append(byte)
      }
    }
    literal.append(UInt8(ascii: "\""))
    return escapingLineSeparators(literal)
  }

  /// Writes U+2028, U+2029 and U+0085 as escapes. In valid JSON they can stand only inside strings.
  package static func escapingLineSeparators(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(0xE2) || bytes.contains(0xC2) else { return bytes }
    var result: [UInt8] = []
    var copied = 0
    for index in bytes.indices where bytes[index] == 0xE2 || bytes[index] == 0xC2 {
      guard let (escape, length) = lineSeparator(in: bytes, at: index) else { continue }
      result += bytes[copied..<index]
      result += escape.utf8
      copied = index + length
    }
    return copied == 0 ? bytes : result + bytes[copied...]
  }

  private static func lineSeparator(in bytes: [UInt8], at index: Int) -> (escape: String, length: Int)? {
    func byte(_ distance: Int) -> UInt8? { index + distance < bytes.count ? bytes[index + distance] : nil }
    switch (bytes[index], byte(1), byte(2)) {
    case (0xE2, 0x80, 0xA8): return ("\\u2028", 3)
    case (0xE2, 0x80, 0xA9): return ("\\u2029", 3)
    case (0xC2, 0x85, _): return ("\\u0085", 2)
    default: return nil
    }
  }
}
