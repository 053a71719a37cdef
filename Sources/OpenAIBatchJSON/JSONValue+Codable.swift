// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// As a property of a type of one's own: any value, kept to be looked into later.
extension JSONValue: Codable {
  /// Takes the value of any decoder. One of this module's shares its text and costs nothing; from another the value
  /// is written out as JSON: members in the order of their names, numbers as exact as that decoder hands them over.
  public init(from decoder: any Decoder) throws {
    if let decoder = decoder as? JSONValueDecoder {
      self.init(decoder.context.document, decoder.node)
    } else {
      self = try JSONValue(parsing: try Self.text(of: decoder))
    }
  }

  private static func text(of decoder: any Decoder) throws -> [UInt8] {
    if var array = try? decoder.unkeyedContainer() {
      var elements: [JSONValue] = []
      while !array.isAtEnd { elements.append(try array.decode(JSONValue.self)) }
      return list(elements.map(\.bytes), between: ("[", "]"))
    }
    let value = try decoder.singleValueContainer()
    // As a dictionary: names are then not converted by a rule for the keys of types.
    if let object = try? value.decode([String: JSONValue].self) {
      let members = object.sorted { $0.key < $1.key }
      return list(members.map { JSONText.literal($0.key) + ":".utf8 + $0.value.bytes }, between: ("{", "}"))
    }
    return try scalar(value)
  }

  private static func list(_ items: [[UInt8]], between brackets: (String, String)) -> [UInt8] {
    Array(brackets.0.utf8) + items.joined(separator: ",".utf8) + brackets.1.utf8
  }

  private static func scalar(_ value: any SingleValueDecodingContainer) throws -> [UInt8] {
    if value.decodeNil() { return Array("null".utf8) }
    if let text = try? value.decode(String.self) { return JSONText.literal(text) }
    if let flag = try? value.decode(Bool.self) { return Array("\(flag)".utf8) }
    if let number = try? value.decode(Int64.self) { return Array("\(number)".utf8) }
    if let number = try? value.decode(UInt64.self) { return Array("\(number)".utf8) }
    let number = try value.decode(Double.self)
    guard number.isFinite else {
      throw DecodingError.dataCorruptedError(in: value, debugDescription: "JSON has no form for \(number)")
    }
    return Array("\(number)".utf8)
  }

  /// Hands the value to any encoder. Numbers go as `Int64`, `UInt64` or `Double`; of members with one name the first.
  public func encode(to encoder: any Encoder) throws {
    switch kind {
    case .object:
      var object = encoder.singleValueContainer()
      try object.encode(Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first })
    case .array:
      var array = encoder.unkeyedContainer()
      for element in elements { try array.encode(element) }
    case .string, .number, .boolean, .null:
      try encode(scalar: encoder.singleValueContainer())
    }
  }

  private func encode(scalar container: any SingleValueEncodingContainer) throws {
    var container = container
    if let string {
      try container.encode(string)
    } else if let bool {
      try container.encode(bool)
    } else if let integer: Int64 = read({ $0.isNumber ? $0.jsonNumber.integer() : nil }) {
      try container.encode(integer)
    } else if let integer: UInt64 = read({ $0.isNumber ? $0.jsonNumber.integer() : nil }) {
      try container.encode(integer)
    } else if let double {
      try container.encode(double)
    } else if isNull {
      try container.encodeNil()
    } else {
      let place = EncodingError.Context(
        codingPath: container.codingPath, debugDescription: "the number is too large for a Double")
      throw EncodingError.invalidValue(self, place)
    }
  }
}
