// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Types that have a form of their own in JSON, or are read faster than by their own `init(from:)`.
private enum SpecialType {
  case string, int, double, float, floats, doubles, texts, date, data, url, decimal

  init?(_ type: any Any.Type) {
    // Scalars first: an array asks for each of its elements.
    if type == String.self {
      self = .string
    } else if type == Int.self {
      self = .int
    } else if type == Double.self {
      self = .double
    } else if type == Float.self {
      self = .float
    } else if type == [Float].self {
      self = .floats
    } else if type == [Double].self {
      self = .doubles
    } else if type == [String: String].self {
      self = .texts
    } else if type == Date.self {
      self = .date
    } else if type == Data.self {
      self = .data
    } else if type == URL.self {
      self = .url
    } else if type == Decimal.self {
      self = .decimal
    } else {
      return nil
    }
  }
}

extension JSONDecodingContext {
  /// Decodes any type.
  func decode<Value: Decodable>(_ type: Value.Type, _ node: Int) throws -> Value {
    if let special = SpecialType(type), let value = try decode(special, node) as? Value { return value }
    if !hasPlainKeys, let dictionary = type as? any StringKeyedDictionary.Type,
      let value = try dictionary.init(self, node) as? Value
    {
      return value
    }
    return try Value(from: JSONValueDecoder(context: self, node: node))
  }

  private func decode(_ type: SpecialType, _ node: Int) throws -> Any? {
    switch type {
    case .string: try string(node)
    case .int: try integer(node, Int.self)
    case .double: try double(node)
    case .float: try float(node)
    case .floats: read(node) { $0.numbers(\.checkedFloat) }
    case .doubles: read(node) { $0.numbers(\.checkedDouble) }
    case .texts: try [String: String](self, node)
    case .date: try date(node)
    case .data: try data(node)
    case .url: try url(node)
    case .decimal: try decimal(node)
    }
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
    context.noteDictionary(node)
    self.init(minimumCapacity: context.read(node, \.raw.count))
    try context.read(node) { object in
      for key in object.keys {
        let name = key.jsonString.text
        if self[name] == nil { self[name] = try context.decode(Value.self, key.node + 1) }
      }
    }
  }
}
