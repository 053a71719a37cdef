// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels

/// Ids in paths: percent-encoded whole, and never able to reach another endpoint.
enum PathSegment {
  /// Encodes an id for a path.
  ///
  /// - Throws: ``InvalidParameter`` for an id that is empty, longer than 2,048 bytes, has a control character,
  ///   or is or contains a `.` or `..` segment, also percent-encoded: some servers decode and normalise.
  static func id(_ id: some OpenEnum, named field: String) throws(InvalidParameter) -> String {
    let text = id.rawValue
    guard !text.isEmpty else { throw InvalidParameter(field: field, value: "empty", allowed: "an id") }
    guard text.utf8.count <= 2048 else {
      throw InvalidParameter(
        field: field, value: "\(text.utf8.count) bytes long", allowed: "at most 2048 bytes")
    }
    guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw InvalidParameter(
        field: field, value: "a text with a control character", allowed: "an id as the service gave it")
    }
    let plain = decode(text)
    guard !plain.split(whereSeparator: { $0 == "/" || $0 == "\\" }).contains(where: isDot),
      !plain.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      throw InvalidParameter(
        field: field, value: "a path (\"\(text.prefix(40))\")", allowed: "an id without . and .. segments")
    }
    return encode(text)
  }

  /// Percent-encodes all but the unreserved characters of RFC 3986.
  static func encode(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default:
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func isDot(_ segment: some StringProtocol) -> Bool {
    let plain = decode(String(segment))
    return plain == "." || plain == ".."
  }

  private static let digits = Array("0123456789ABCDEF".utf8)

  /// Undoes percent-encoding until nothing is left to undo, so that `%252e` is seen too.
  private static func decode(_ text: String) -> String {
    var text = text
    for _ in 0..<4 {
      let decoded = decodeOnce(text)
      if decoded == text { break }
      text = decoded
    }
    return text
  }

  private static func decodeOnce(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
      {
        result.append(value)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
