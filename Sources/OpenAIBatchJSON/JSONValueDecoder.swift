// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

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
      context.object(at: node, isConverted: !context.hasPlainKeys) as JSONObjectContainer<Key>)
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

extension JSONDecodingContext {
  /// Decodes any type; some have a form of their own in JSON.
  func decode<Value: Decodable>(_ type: Value.Type, _ node: Int) throws -> Value {
    if let value = try special(type, node) { return value }
    return try Value(from: JSONValueDecoder(context: self, node: node))
  }

  private func special<Value: Decodable>(_ type: Value.Type, _ node: Int) throws -> Value? {
    // Scalars first: an array asks for each of its elements here.
    if type == String.self { return try string(node) as? Value }
    if type == Int.self { return try integer(node, Int.self) as? Value }
    if type == Double.self { return try double(node) as? Value }
    if type == Float.self { return try float(node) as? Value }
    if type == [Float].self { return document.read(node) { $0.numbers(\.checkedFloat) } as? Value }
    if type == [Double].self { return document.read(node) { $0.numbers(\.checkedDouble) } as? Value }
    if type == [String: String].self { return try [String: String](self, node) as? Value }
    if type == Date.self { return try date(node) as? Value }
    if type == Data.self { return try data(node) as? Value }
    if type == URL.self { return try url(node) as? Value }
    if type == Decimal.self { return try decimal(node) as? Value }
    guard !hasPlainKeys, let dictionary = type as? any StringKeyedDictionary.Type else { return nil }
    return try dictionary.init(self, node) as? Value
  }

  private func date(_ node: Int) throws -> Date {
    let decoder = JSONValueDecoder(context: self, node: node)
    switch decoding.dates {
    case .deferredToDate: return try Date(from: decoder)
    case .secondsSince1970: return Date(timeIntervalSince1970: try double(node))
    case .millisecondsSince1970: return Date(timeIntervalSince1970: try double(node) / 1000)
    case .custom(let rule): return try rule(decoder)
    case .iso8601:
      guard let date = try? Date(try string(node), strategy: .iso8601) else {
        _ = try string(node)
        throw corrupted("the text is no date of ISO 8601", node)
      }
      return date
    }
  }

  private func data(_ node: Int) throws -> Data {
    let decoder = JSONValueDecoder(context: self, node: node)
    switch decoding.data {
    case .deferredToData: return try Data(from: decoder)
    case .custom(let rule): return try rule(decoder)
    case .base64:
      guard let data = Data(base64Encoded: try string(node)) else {
        throw corrupted("the text is not base64", node)
      }
      return data
    }
  }

  private func url(_ node: Int) throws -> URL {
    guard let url = URL(string: try string(node)) else { throw corrupted("the text is no URL", node) }
    return url
  }

  private func decimal(_ node: Int) throws -> Decimal {
    let text = try number(node, Decimal.self, \.text)
    guard let decimal = Decimal(string: text) else {
      throw corrupted("the number \(text) does not fit in Decimal", node)
    }
    return decimal
  }
}

/// A dictionary by texts: the rule for keys is not for its keys.
private protocol StringKeyedDictionary {
  init(_ context: JSONDecodingContext, _ node: Int) throws
}

extension Dictionary: StringKeyedDictionary where Key == String, Value: Decodable {
  init(_ context: JSONDecodingContext, _ node: Int) throws {
    try context.requireObject(node)
    self.init(minimumCapacity: context.document.read(node, \.raw.count))
    try context.document.read(node) { object in
      for key in object.keys {
        let name = key.jsonString.text
        if self[name] == nil { self[name] = try context.decode(Value.self, key.node + 1) }
      }
    }
  }
}
