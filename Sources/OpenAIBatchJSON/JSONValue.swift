// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A value inside a JSON text: the whole text is validated once, values are read only when asked for.
///
/// A value shares the bytes of the text that it came from; nothing is copied until a string is wanted.
public struct JSONValue: Sendable {
  /// The value's own bytes, exactly as they stand in the text, without white space around them.
  public let bytes: ArraySlice<UInt8>

  /// Validates `bytes` as one JSON text by RFC 8259.
  ///
  /// Stricter than the grammar in two points: a lone surrogate and nesting deeper than 512 levels are
  /// refused. A byte order mark is not JSON.
  ///
  /// - Throws: ``JSONFailure`` with line, byte and what was expected there.
  public init(parsing bytes: ArraySlice<UInt8>) throws(JSONFailure) {
    let range = try JSONScanner.scan(bytes) { scanner throws(JSONFailure) in try scanner.validateDocument() }
    self.init(bytes, range)
  }

  /// Validates `bytes` as one JSON text by RFC 8259.
  public init(parsing bytes: [UInt8]) throws(JSONFailure) {
    try self.init(parsing: bytes[...])
  }

  /// Takes bytes that are the text of a value read before.
  package init(validated bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
  }

  /// The leading members of an object whose text is damaged further on, such as a line that was cut.
  package static func wholeMembers(of bytes: ArraySlice<UInt8>) -> [(key: String, value: JSONValue)] {
    JSONScanner.scan(bytes) { scanner in
      scanner.wholeMembers().map { (scanner.unescaped($0.key), JSONValue(bytes, $0.value)) }
    }
  }

  private init(_ bytes: ArraySlice<UInt8>, _ range: Range<Int>) {
    self.bytes = bytes[bytes.startIndex + range.lowerBound..<bytes.startIndex + range.upperBound]
  }

  /// What a value can be.
  public enum Kind: String, Sendable, Hashable {
    case object, array, string, number, boolean, null
  }

  /// What this value is.
  public var kind: Kind {
    switch bytes.first {
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
    case UInt8(ascii: "n"): .null
    default: .number
    }
  }
}

// MARK: Containers

extension JSONValue {
  /// The first member called `key`, or `nil` when this is not an object or has none.
  public subscript(key: String) -> JSONValue? {
    JSONScanner.scan(bytes) { $0.member(key) }.map { JSONValue(bytes, $0) }
  }

  /// The element at `index`, or `nil` when this is not an array or is shorter.
  public subscript(index: Int) -> JSONValue? {
    JSONScanner.scan(bytes) { $0.element(index) }.map { JSONValue(bytes, $0) }
  }

  /// All members in order, duplicates included; empty when this is not an object.
  public var members: [(key: String, value: JSONValue)] {
    JSONScanner.scan(bytes) { scanner in
      scanner.members().map { (scanner.unescaped($0.key), JSONValue(bytes, $0.value)) }
    }
  }

  /// All elements in order; empty when this is not an array.
  public var elements: [JSONValue] {
    JSONScanner.scan(bytes) { $0.elements() }.map { JSONValue(bytes, $0) }
  }
}

// MARK: Scalars

extension JSONValue {
  /// The text of a string, without its escapes; `nil` for another value.
  public var string: String? {
    guard kind == .string else { return nil }
    return JSONScanner.scan(bytes) { $0.unescaped(0..<bytes.count) }
  }

  /// A number that is an integer and fits; `nil` for another value. `1.0` and `1e3` are not read as integers.
  public var int: Int? {
    kind == .number ? Int(String(decoding: bytes, as: UTF8.self)) : nil
  }

  /// A number as the nearest `Double`; `nil` for another value, and for one too large for a `Double`.
  public var double: Double? {
    guard kind == .number, let value = Double(String(decoding: bytes, as: UTF8.self)) else { return nil }
    return value.isFinite ? value : nil
  }

  /// `true` or `false`; `nil` for another value.
  public var bool: Bool? {
    kind == .boolean ? bytes.first == UInt8(ascii: "t") : nil
  }

  /// Whether this is `null`.
  public var isNull: Bool { kind == .null }

  /// Decodes the value as `type`.
  ///
  /// - Throws: ``JSONFailure`` with the path to what did not fit.
  public func decode<Value: Decodable>(as type: Value.Type) throws(JSONFailure) -> Value {
    try JSONText.decode(type, from: bytes)
  }
}
