// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Decodes one value of a scanned text.
///
/// Small enough to be passed as `any Decoder` without an allocation.
struct JSONValueDecoder: Decoder {
  let context: JSONDecodingContext
  let node: Int

  var codingPath: [any CodingKey] { context.path(to: node) }
  var userInfo: [CodingUserInfoKey: Any] { context.decoding.userInfo }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    try KeyedDecodingContainer(
      context.object(at: node) as JSONObjectContainer<Key>)
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try context.array(at: node) }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }
}

extension JSONValueDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { context.isNull(node) }
  func decode(_ type: Bool.Type) throws -> Bool { try context.bool(node) }
  func decode(_ type: String.Type) throws -> String { try context.string(node) }
  func decode(_ type: Double.Type) throws -> Double { try context.double(node) }
  func decode(_ type: Float.Type) throws -> Float { try context.float(node) }
  func decode(_ type: Int.Type) throws -> Int { try context.integer(node) }
  func decode(_ type: Int8.Type) throws -> Int8 { try context.integer(node) }
  func decode(_ type: Int16.Type) throws -> Int16 { try context.integer(node) }
  func decode(_ type: Int32.Type) throws -> Int32 { try context.integer(node) }
  func decode(_ type: Int64.Type) throws -> Int64 { try context.integer(node) }
  func decode(_ type: Int128.Type) throws -> Int128 { try context.integer(node) }
  func decode(_ type: UInt.Type) throws -> UInt { try context.integer(node) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try context.integer(node) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try context.integer(node) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try context.integer(node) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try context.integer(node) }
  func decode(_ type: UInt128.Type) throws -> UInt128 { try context.integer(node) }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try context.decode(type, node) }
}
