// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The members of an object.
struct JSONObjectContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  fileprivate let context: JSONDecodingContext
  fileprivate let node: Int

  var codingPath: [any CodingKey] { context.path(to: node) }

  /// Each name once, in order.
  var allKeys: [Key] {
    var seen: Set<ExactName> = []
    return context.read(node) { object in
      object.keys.compactMap { key in
        let name = context.decoding.keys.key(key.jsonString.text)
        return seen.insert(ExactName(text: name)).inserted ? Key(stringValue: name) : nil
      }
    }
  }

  func contains(_ key: Key) -> Bool { find(key) != nil }

  func decodeNil(forKey key: Key) throws -> Bool { context.isNull(try value(key)) }

  private func find(_ key: Key) -> Int? { context.value(key.stringValue, of: node) }

  private func value(_ key: Key) throws -> Int {
    if let value = find(key) { return value }
    throw DecodingError.keyNotFound(
      key, .init(codingPath: codingPath, debugDescription: "the key \(key.stringValue) is missing"))
  }

  /// The value of a member that is there and not null.
  private func present(_ key: Key) -> Int? { find(key).flatMap { context.isNull($0) ? nil : $0 } }
}

extension JSONObjectContainer {
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try context.bool(value(key)) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try context.string(value(key)) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try context.double(value(key)) }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try context.float(value(key)) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try context.integer(value(key)) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try context.integer(value(key)) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try context.integer(value(key)) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try context.integer(value(key)) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try context.integer(value(key)) }
  func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try context.integer(value(key)) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try context.integer(value(key)) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try context.integer(value(key)) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try context.integer(value(key)) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try context.integer(value(key)) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try context.integer(value(key)) }
  func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try context.integer(value(key)) }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try context.decode(type, value(key))
  }
}

/// One look in place of three.
extension JSONObjectContainer {
  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
    try present(key).map(context.bool)
  }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
    try present(key).map(context.string)
  }
  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    try present(key).map(context.double)
  }
  func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
    try present(key).map(context.float)
  }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
    try present(key).map { try context.integer($0) }
  }
  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    try present(key).map { try context.decode(type, $0) }
  }
}

extension JSONObjectContainer {
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try JSONValueDecoder(context: context, node: value(key)).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try context.array(at: value(key))
  }

  func superDecoder() throws -> any Decoder {
    guard let value = context.value("super", of: node) else {
      throw DecodingError.keyNotFound(
        JSONKey.super, .init(codingPath: codingPath, debugDescription: "the key super is missing"))
    }
    return JSONValueDecoder(context: context, node: value)
  }

  func superDecoder(forKey key: Key) throws -> any Decoder {
    JSONValueDecoder(context: context, node: try value(key))
  }
}

extension JSONDecodingContext {
  /// The members of the object at a node.
  func object<Key: CodingKey>(at node: Int) throws -> JSONObjectContainer<Key> {
    try requireObject(node)
    return JSONObjectContainer(context: self, node: node)
  }

  func requireObject(_ node: Int) throws {
    guard read(node, \.kind) == .object else { throw mismatch([String: Any].self, node) }
    guard !read(node, \.raw.flags).contains(.loneSurrogate) else {
      throw corrupted("a key has a surrogate without its partner", node)
    }
  }
}
