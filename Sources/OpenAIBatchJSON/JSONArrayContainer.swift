// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The elements of an array, one after the other.
///
/// Small enough to be passed as `any UnkeyedDecodingContainer` without an allocation.
struct JSONArrayContainer: UnkeyedDecodingContainer {
  fileprivate let context: JSONDecodingContext
  fileprivate let node: Int32
  fileprivate var element: Int32
  private var index: Int32 = 0

  var codingPath: [any CodingKey] { context.path(to: Int(node)) }
  var count: Int? { context.read(Int(node), \.raw.count) }
  var isAtEnd: Bool { element >= context.read(Int(node), \.raw.next) }
  var currentIndex: Int { Int(index) }

  fileprivate init(context: JSONDecodingContext, node: Int) {
    self.context = context
    self.node = Int32(truncatingIfNeeded: node)
    element = Int32(truncatingIfNeeded: node + 1)
  }

  /// Reads the next element; one that does not fit stays the next.
  private mutating func take<Value>(_ type: Any.Type, _ read: (Int) throws -> Value) throws -> Value {
    let value = try read(current(type))
    step()
    return value
  }

  private func current(_ type: Any.Type) throws -> Int {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type,
        .init(
          codingPath: codingPath + [JSONKey(intValue: currentIndex)],
          debugDescription: "the array has no further element"))
    }
    return Int(element)
  }

  private mutating func step() {
    element = Int32(truncatingIfNeeded: context.read(Int(element), \.raw.next))
    index += 1
  }

  mutating func decodeNil() throws -> Bool {
    guard try context.isNull(current(Never.self)) else { return false }
    step()
    return true
  }
}

extension JSONArrayContainer {
  mutating func decode(_ type: Bool.Type) throws -> Bool { try take(type, context.bool) }
  mutating func decode(_ type: String.Type) throws -> String { try take(type, context.string) }
  mutating func decode(_ type: Double.Type) throws -> Double { try take(type, context.double) }
  mutating func decode(_ type: Float.Type) throws -> Float { try take(type, context.float) }
  mutating func decode(_ type: Int.Type) throws -> Int { try integer() }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
  mutating func decode(_ type: Int128.Type) throws -> Int128 { try integer() }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try integer() }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
  mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try integer() }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try take(type) { [context] in try context.decode(type, $0) }
  }

  private mutating func integer<Integer: FixedWidthInteger>() throws -> Integer {
    try take(Integer.self) { [context] in try context.integer($0) }
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    try take(type) { [context] in try JSONValueDecoder(context: context, node: $0).container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try take([Any].self, context.array)
  }

  mutating func superDecoder() throws -> any Decoder {
    try take((any Decoder).self) { [context] in JSONValueDecoder(context: context, node: $0) }
  }
}

extension JSONDecodingContext {
  /// The elements of the array at a node.
  func array(at node: Int) throws -> JSONArrayContainer {
    guard read(node, \.kind) == .array else { throw mismatch([Any].self, node) }
    return JSONArrayContainer(context: self, node: node)
  }
}
