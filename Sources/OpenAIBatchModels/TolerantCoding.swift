// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Reading what compatible providers send in place of the documented types.
extension KeyedDecodingContainer {
  /// A text, with `""`, null and any other type counting as absent.
  func text(_ key: Key) -> String? {
    let text = try? decodeIfPresent(String.self, forKey: key)
    return text?.isEmpty == true ? nil : text
  }

  /// An integer, or its digits as text.
  func integer(_ key: Key) -> Int? {
    guard contains(key) else { return nil }
    return tolerant(Int.self, key) ?? text(key).flatMap(Int.init)
  }

  /// A text or a number as text; `""` and null count as absent.
  func scalarText(_ key: Key) -> String? {
    text(key) ?? tolerant(Int.self, key).map(String.init)
  }

  /// A text that must be there.
  func requiredText(_ key: Key) throws -> String {
    let text = try decode(String.self, forKey: key)
    guard !text.isEmpty else {
      throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "the id is empty")
    }
    return text
  }

  /// A value, with null and any other type counting as absent.
  func tolerant<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
    try? decodeIfPresent(type, forKey: key)
  }

  /// Pairs of texts; values of another scalar type are written as text, so that no pair is lost.
  func stringPairs(_ key: Key) -> [String: String]? {
    if let pairs = tolerant([String: String].self, key) { return pairs }
    return tolerant([String: LooseText].self, key)?.compactMapValues(\.text)
  }
}

/// A scalar of any type as text.
private struct LooseText: Decodable {
  let text: String?
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      self.text = text
    } else if let flag = try? container.decode(Bool.self) {
      self.text = String(flag)
    } else if let number = try? container.decode(Int.self) {
      self.text = String(number)
    } else if let number = try? container.decode(Double.self) {
      self.text = String(number)
    } else {
      self.text = nil
    }
  }
}
