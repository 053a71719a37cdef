// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Swift values to JSON text and back.
public enum JSONText {
  /// Encodes `value` compactly, with sorted keys: equal values give equal bytes.
  ///
  /// U+2028, U+2029 and U+0085 are escaped, because some readers of JSON Lines take them for line ends.
  ///
  /// - Throws: ``JSONFailure`` for a value that JSON has no form for, such as a NaN.
  public static func encode(_ value: some Encodable) throws(JSONFailure) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return escapingLineSeparators([UInt8](try encoder.encode(value)))
    } catch EncodingError.invalidValue(let value, let context) {
      throw JSONFailure("cannot encode a \(type(of: value))", path: path(context.codingPath))
    } catch {
      throw JSONFailure("cannot encode: \(error)")
    }
  }

  /// Decodes one JSON text.
  ///
  /// - Throws: ``JSONFailure`` with the place where the text is not JSON, or the path to what did not fit.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: ArraySlice<UInt8>
  ) throws(JSONFailure) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      // Foundation's message for bad JSON has no place; ours has.
      if case .dataCorrupted(let context) = error, context.codingPath.isEmpty {
        _ = try JSONValue(parsing: bytes)
      }
      throw JSONFailure(error)
    } catch {
      throw JSONFailure("cannot decode: \(error)")
    }
  }

  /// Writes U+2028, U+2029 and U+0085 as escapes. In valid JSON they can stand only inside strings.
  package static func escapingLineSeparators(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var copied = 0
    for index in bytes.indices where bytes[index] == 0xE2 || bytes[index] == 0xC2 {
      guard let (escape, length) = lineSeparator(in: bytes, at: index) else { continue }
      result += bytes[copied..<index]
      result += escape.utf8
      copied = index + length
    }
    return copied == 0 ? bytes : result + bytes[copied...]
  }

  private static func lineSeparator(in bytes: [UInt8], at index: Int) -> (escape: String, length: Int)? {
    func byte(_ distance: Int) -> UInt8? { index + distance < bytes.count ? bytes[index + distance] : nil }
    switch (bytes[index], byte(1), byte(2)) {
    case (0xE2, 0x80, 0xA8): return ("\\u2028", 3)
    case (0xE2, 0x80, 0xA9): return ("\\u2029", 3)
    case (0xC2, 0x85, _): return ("\\u0085", 2)
    default: return nil
    }
  }

  /// A coding path as people write it: `data[3].created_at`.
  static func path(_ keys: [any CodingKey]) -> String {
    keys.reduce(into: "") { path, key in
      if let index = key.intValue {
        path += "[\(index)]"
      } else {
        path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
  }
}

extension JSONFailure {
  fileprivate init(_ error: DecodingError) {
    switch error {
    case .keyNotFound(let key, let context):
      self.init("the key \(key.stringValue) is missing", path: JSONText.path(context.codingPath))
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      self.init(context.debugDescription, path: JSONText.path(context.codingPath))
    @unknown default:
      self.init("cannot decode: \(error)")
    }
  }
}
