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
    do {
      return escapingLineSeparators([UInt8](try encoder.encode(value)))
    } catch EncodingError.invalidValue(let value, let context) {
      throw JSONFailure("cannot encode a \(type(of: value))", path: path(context.codingPath))
    } catch {
      throw JSONFailure("cannot encode: \(error)")
    }
  }

  /// Never changed, so that all tasks may share it.
  private static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }()

  /// Decodes one JSON text.
  ///
  /// Any `Decodable` type gives the same value as with Foundation's `JSONDecoder`, several times faster. The
  /// differences, all of them on purpose:
  /// - The whole text is checked. Foundation does not look into strings and numbers that nobody asks for.
  /// - A comma before a closing bracket, a byte order mark, UTF-16 and UTF-32 are refused: they are not JSON.
  /// - Integers are exact in every spelling: `9.223372036854775807e18` is read, `4180967124213246.01` is none. A zero
  ///   with an exponent, such as `0e1`, is a number.
  /// - Names are compared byte by byte: a composed `é` is not a decomposed one.
  /// - The keys of a coding path are names and indices, not values of the type's own `CodingKeys`.
  /// - A `superDecoder` for a member that is not there is an error; there it is a decoder of `null`.
  /// - In a dictionary under a rule for keys only the first of several members with one name is decoded.
  ///
  /// The same as there: of members with one name the first counts; nesting over 512 levels, numbers that do not
  /// fit, and strings with a surrogate without its partner are errors (``JSONValue/string`` reads these).
  ///
  /// - Parameters:
  ///   - type: The type to decode.
  ///   - bytes: The text, in UTF-8.
  ///   - decoding: How names, dates and data are written.
  /// - Throws: ``JSONFailure`` with the place where the text is not JSON, or of what did not fit, and its path.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: ArraySlice<UInt8>, _ decoding: JSONDecoding = JSONDecoding()
  ) throws(JSONFailure) -> Value {
    try JSONValue(parsing: bytes).decode(as: type, decoding)
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

extension JSONValue {
  /// Decodes the value as `type`; see ``JSONText/decode(_:from:_:)``.
  ///
  /// - Throws: ``JSONFailure`` with the place of what did not fit and its path.
  public func decode<Value: Decodable>(
    as type: Value.Type, _ decoding: JSONDecoding = JSONDecoding()
  ) throws(JSONFailure) -> Value {
    let context = JSONDecodingContext(document, decoding, root: node)
    do {
      return try context.decode(type, node)
    } catch let error as DecodingError {
      throw context.failure(error)
    } catch {
      throw JSONFailure("cannot decode: \(error)")
    }
  }
}

extension JSONDecodingContext {
  /// An error of the decoder, or of a type's own `init(from:)`, with its place.
  fileprivate func failure(_ error: DecodingError) -> JSONFailure {
    switch error {
    case .keyNotFound(let key, let place):
      failure("the key \(key.stringValue) is missing", at: place.codingPath)
    case .typeMismatch(_, let place), .valueNotFound(_, let place), .dataCorrupted(let place):
      failure(place.debugDescription, at: place.codingPath)
    @unknown default:
      failure("cannot decode: \(error)", at: [])
    }
  }

  private func failure(_ message: String, at path: [any CodingKey]) -> JSONFailure {
    document.failure(message, at: offset(of: path), path: JSONText.path(path))
  }
}
