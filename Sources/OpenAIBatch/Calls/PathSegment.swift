// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels
internal import OpenAIBatchTransport

/// Ids in paths: percent-encoded whole, and never able to reach another endpoint.
enum PathSegment {
  /// Encodes an id for a path.
  ///
  /// - Throws: ``InvalidParameter`` for an id that is empty, longer than 2,048 bytes, has a control character,
  ///   or is or contains a `.` or `..` segment, also percent-encoded: some servers decode and normalise.
  static func id(_ id: some OpenEnum, named field: String) throws(InvalidParameter) -> String {
    let text = id.rawValue
    // Nearly every id, and no part of it can be a dot segment.
    if 1...2048 ~= text.utf8.count, text.utf8.allSatisfy({ isUnreserved($0) && $0 != UInt8(ascii: ".") }) {
      return text
    }
    guard !text.isEmpty else { throw InvalidParameter(field: field, value: "empty", allowed: "an id") }
    guard text.utf8.count <= 2048 else {
      throw InvalidParameter(
        field: field, value: "\(text.utf8.count) bytes long", allowed: "at most 2048 bytes")
    }
    guard !hasControlCharacter(text), !hasControlCharacter(String(decoding: plain(text), as: UTF8.self))
    else {
      throw InvalidParameter(
        field: field, value: "a text with a control character", allowed: "an id as the service gave it")
    }
    guard !hasDotSegment(text) else {
      throw InvalidParameter(
        field: field, value: "a path (\"\(text.prefix(40))\")", allowed: "an id without . and .. segments")
    }
    return encode(text)
  }

  /// Percent-encodes all but the unreserved characters of RFC 3986.
  static func encode(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isUnreserved(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    byte.isLetterOrDigit || "-._~".utf8.contains(byte)
  }

  /// Whether a path has a `.` or `..` between slashes of either kind, however often it is percent-encoded.
  ///
  /// Bytes are compared, because a slash and an accent after it are one character to Swift.
  static func hasDotSegment(_ path: String) -> Bool {
    plain(path).split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") })
      .contains { $0.count <= 2 && $0.allSatisfy { $0 == UInt8(ascii: ".") } }
  }

  private static func hasControlCharacter(_ text: String) -> Bool {
    text.unicodeScalars.contains { $0.value < 0x20 || 0x7F...0x9F ~= $0.value }
  }

  private static let digits = Array("0123456789ABCDEF".utf8)

  /// Undoes percent-encoding until nothing is left to undo, so that `%252e` is seen too.
  private static func plain(_ text: String) -> [UInt8] {
    var bytes = Array(text.utf8)
    while true {
      let decoded = decodeOnce(bytes)
      if decoded.count == bytes.count { return bytes }
      bytes = decoded
    }
  }

  private static func decodeOnce(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = Character(UnicodeScalar(bytes[index + 1])).hexDigitValue,
        let low = Character(UnicodeScalar(bytes[index + 2])).hexDigitValue
      {
        result.append(UInt8(high * 16 + low))
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }
}
