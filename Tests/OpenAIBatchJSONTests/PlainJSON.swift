// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A JSON text read by RFC 8259 as plainly as can be, byte by byte: what the scanner is held against.
struct PlainJSON {
  indirect enum Kind {
    case null
    case bool(Bool)
    /// As it is written.
    case number(String)
    /// In UTF-16, where an escaped surrogate needs no partner.
    case string([UInt16])
    case array([PlainJSON])
    case object([(key: [UInt16], value: PlainJSON)])
  }

  let kind: Kind
  let range: Range<Int>

  /// - Returns: `nil` for a text that is not JSON, or is nested deeper than 512 levels.
  init?(_ bytes: [UInt8]) {
    guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
    var reader = Reader(bytes: bytes)
    guard let value = try? reader.text() else { return nil }
    self = value
  }

  private init(_ kind: Kind, _ range: Range<Int>) {
    self.kind = kind
    self.range = range
  }

  private struct NotJSON: Error {}

  private struct Reader {
    let bytes: [UInt8]
    var index = 0

    private var byte: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func text() throws -> PlainJSON {
      skipSpace()
      let value = try value(depth: 0)
      skipSpace()
      guard byte == nil else { throw NotJSON() }
      return value
    }

    private mutating func value(depth: Int) throws -> PlainJSON {
      let start = index
      let kind: Kind
      switch byte {
      case UInt8(ascii: "{"): kind = .object(try members(depth + 1))
      case UInt8(ascii: "["): kind = .array(try elements(depth + 1))
      case UInt8(ascii: "\""): kind = .string(try string())
      case UInt8(ascii: "t"): kind = try word("true", .bool(true))
      case UInt8(ascii: "f"): kind = try word("false", .bool(false))
      case UInt8(ascii: "n"): kind = try word("null", .null)
      default:
        try number()
        kind = .number(String(decoding: bytes[start..<index], as: UTF8.self))
      }
      return PlainJSON(kind, start..<index)
    }

    private mutating func skipSpace() {
      while let byte, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 }
    }

    private mutating func take(_ allowed: String) -> Bool {
      guard let byte, allowed.utf8.contains(byte) else { return false }
      index += 1
      return true
    }

    private mutating func need(_ allowed: String) throws {
      guard take(allowed) else { throw NotJSON() }
    }

    private mutating func word(_ word: String, _ kind: Kind) throws -> Kind {
      for letter in word { try need(String(letter)) }
      return kind
    }

    private mutating func digits() throws {
      try need("0123456789")
      while take("0123456789") {}
    }

    private mutating func number() throws {
      _ = take("-")
      if !take("0") { try digits() }
      if take(".") { try digits() }
      if take("eE") {
        _ = take("+-")
        try digits()
      }
    }

    private mutating func elements(_ depth: Int) throws -> [PlainJSON] {
      guard depth <= 512 else { throw NotJSON() }
      index += 1
      skipSpace()
      if take("]") { return [] }
      var elements: [PlainJSON] = []
      repeat {
        skipSpace()
        elements.append(try value(depth: depth))
        skipSpace()
      } while take(",")
      try need("]")
      return elements
    }

    private mutating func members(_ depth: Int) throws -> [(key: [UInt16], value: PlainJSON)] {
      guard depth <= 512 else { throw NotJSON() }
      index += 1
      skipSpace()
      if take("}") { return [] }
      var members: [(key: [UInt16], value: PlainJSON)] = []
      repeat {
        skipSpace()
        let key = try string()
        skipSpace()
        try need(":")
        skipSpace()
        members.append((key, try value(depth: depth)))
        skipSpace()
      } while take(",")
      try need("}")
      return members
    }

    private mutating func string() throws -> [UInt16] {
      try need("\"")
      var units: [UInt16] = []
      while true {
        let start = index
        while let byte, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { index += 1 }
        units += String(decoding: bytes[start..<index], as: UTF8.self).utf16
        if take("\"") { return units }
        try need("\\")
        units.append(try escape())
      }
    }

    private mutating func escape() throws -> UInt16 {
      guard let letter = byte else { throw NotJSON() }
      index += 1
      switch letter {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt16(letter)
      case UInt8(ascii: "b"): return 0x08
      case UInt8(ascii: "f"): return 0x0C
      case UInt8(ascii: "n"): return 0x0A
      case UInt8(ascii: "r"): return 0x0D
      case UInt8(ascii: "t"): return 0x09
      case UInt8(ascii: "u"):
        let start = index
        for _ in 0..<4 { try need("0123456789abcdefABCDEF") }
        guard let unit = UInt16(String(decoding: bytes[start..<index], as: UTF8.self), radix: 16) else {
          throw NotJSON()
        }
        return unit
      default: throw NotJSON()
      }
    }
  }
}
