// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Any JSON value, read through the interface of decoders.
indirect enum AnyJSON: Decodable, Equatable {
  case null
  case bool(Bool)
  case number(Double, Int?)
  case string(String)
  case array([AnyJSON])
  case object([String: AnyJSON])

  init(from decoder: any Decoder) throws {
    // Every string and every number is asked for: Foundation checks only these.
    if let container = try unlessMismatch({ try decoder.container(keyedBy: Key.self) }) {
      self = .object(
        try Dictionary(
          container.allKeys.map { ($0.stringValue, try container.decode(AnyJSON.self, forKey: $0)) }
        ) { first, _ in first })
    } else if var container = try unlessMismatch({ try decoder.unkeyedContainer() }) {
      var elements: [AnyJSON] = []
      while !container.isAtEnd { elements.append(try container.decode(AnyJSON.self)) }
      self = .array(elements)
    } else {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let value = try unlessMismatch({ try container.decode(Bool.self) }) {
        self = .bool(value)
      } else if let value = try unlessMismatch({ try container.decode(Double.self) }) {
        self = .number(value, try? container.decode(Int.self))
      } else {
        self = .string(try container.decode(String.self))
      }
    }
  }

  struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

/// `nil` when a value is of another type; other errors are thrown.
private func unlessMismatch<Value>(_ decode: () throws -> Value) throws -> Value? {
  do {
    return try decode()
  } catch DecodingError.typeMismatch {
    return nil
  } catch DecodingError.valueNotFound {
    return nil
  }
}
