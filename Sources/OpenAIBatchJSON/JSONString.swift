// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A string literal that was scanned: valid UTF-8, valid escapes.
struct JSONString {
  /// What stands between the quotes.
  let content: UnsafeBufferPointer<UInt8>
  let flags: JSONNode.Flags

  private var isEscaped: Bool { flags.contains(.escaped) }

  /// The text without its escapes. A lone surrogate, which is no character, reads as U+FFFD.
  var text: String {
    guard isEscaped else { return Self.string(content, isASCII: flags.isEmpty) }
    return withUnescaped { Self.string($0, isASCII: false) }
  }

  /// Whether the text is `name`.
  @inline(never)
  func equals(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    guard isEscaped else { return Self.equal(content, name) }
    // No escape is shorter than what it stands for.
    guard name.count < content.count else { return false }
    return withUnescaped { Self.equal($0, name) }
  }

  private func withUnescaped<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    JSONScratch.threads.withCurrent { scratch in
      scratch.withBytes(content.count) { buffer in
        let length = unescape(into: buffer)
        return body(UnsafeBufferPointer(rebasing: buffer[..<length]))
      }
    }
  }

  private static func equal(_ one: UnsafeBufferPointer<UInt8>, _ other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard one.count == other.count, let one = one.baseAddress, let two = other.baseAddress else {
      return one.count == other.count
    }
    return memcmp(one, two, other.count) == 0
  }

  /// The scanner has checked the bytes: checking again takes ten times as long as copying.
  private static func string(_ bytes: UnsafeBufferPointer<UInt8>, isASCII: Bool) -> String {
    if bytes.count > 15, #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
      return String(copying: UTF8Span(unchecked: bytes.span, isKnownASCII: isASCII))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes the text, which is never longer than the literal.
  private func unescape(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    guard let source = content.baseAddress, let target = buffer.baseAddress else { return 0 }
    let end = content.count
    var (read, written) = (0, 0)
    while read < end {
      let rest = end - read
      let backslash = memchr(source + read, CInt(UInt8(ascii: "\\")), rest)
      let run = backslash.map { UnsafeRawPointer($0) - UnsafeRawPointer(source + read) } ?? rest
      memcpy(target + written, source + read, run)
      read += run
      written += run
      guard read + 1 < end else { break }
      let escape = source[read + 1]
      read += 2
      if escape == UInt8(ascii: "u") {
        for byte in UTF8.encode(scalar(source, &read, end)).unsafelyUnwrapped {
          target[written] = byte
          written += 1
        }
      } else {
        target[written] = Self.meaning(ofEscape: escape)
        written += 1
      }
    }
    return written
  }

  /// The scalar of a `\u` escape, of two for a pair of surrogates. `read` is behind the `u`.
  private func scalar(_ source: UnsafePointer<UInt8>, _ read: inout Int, _ end: Int) -> Unicode.Scalar {
    let unit = Self.unit(source + read)
    read += 4
    if let scalar = Unicode.Scalar(unit) { return scalar }
    if unit & 0xFC00 == 0xD800, read + 6 <= end, source[read] == UInt8(ascii: "\\"),
      source[read + 1] == UInt8(ascii: "u")
    {
      let low = Self.unit(source + read + 2)
      if low & 0xFC00 == 0xDC00, let scalar = Unicode.Scalar(0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF) {
        read += 6
        return scalar
      }
    }
    return "\u{FFFD}"
  }

  private static func unit(_ digits: UnsafePointer<UInt8>) -> UInt32 {
    (0..<4).reduce(0) { $0 << 4 | UInt32(hexDigit(digits[$1])) }
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
}

/// The value of a hexadecimal digit; 255 for another byte.
func hexDigit(_ byte: UInt8) -> UInt8 {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: 255
  }
}
