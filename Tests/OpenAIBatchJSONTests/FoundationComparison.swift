// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON

/// What the decoder and Foundation's `JSONDecoder` say of one text.
struct FoundationComparison {
  /// Whether our decoder takes the text.
  let isTaken: Bool
  /// A difference that is not documented, see ``JSONText/decode(_:from:_:)``; `nil` when there is none.
  let disagreement: String?

  init<Value: Decodable & Equatable>(_ type: Value.Type, _ bytes: [UInt8]) {
    let theirs = try? JSONDecoder().decode(type, from: Data(bytes))
    let text = String(decoding: bytes, as: UTF8.self)
    do throws(JSONFailure) {
      let ours = try JSONText.decode(type, from: bytes[...])
      isTaken = true
      let isExpected =
        ours == theirs || (theirs == nil && Self.hasZeroWithExponent(text))
        || Self.hasIntegerBeyondDouble(text)
      disagreement =
        isExpected
        ? nil : "\(text.debugDescription): \(ours) in place of \(theirs.map { "\($0)" } ?? "an error")"
    } catch {
      isTaken = false
      let isExpected =
        theirs == nil || Self.isTrailingComma(at: error.offset, in: bytes) || Self.isOfOtherEncoding(bytes)
        || Self.isRefusedWhenReadWhole(bytes) || Self.isRoundedInteger(error, in: bytes)
      disagreement = isExpected ? nil : "\(text.debugDescription): \(error)"
    }
  }

  /// Foundation refuses some spellings of zero as a `Double`: `0e1` and `0.0e-4`, but not `0e-5`.
  private static func hasZeroWithExponent(_ text: String) -> Bool {
    text.range(of: "(?<![0-9.])0(\\.0+)?[eE]", options: .regularExpression) != nil
  }

  /// Foundation reads integers with a fraction or an exponent by way of a `Double`: `9.007199254740993e15` as another.
  private static func hasIntegerBeyondDouble(_ text: String) -> Bool {
    text.split { !"+-.0123456789eE".contains($0) }.contains { number in
      guard let integer = try? JSONText.decode(Int128.self, from: Array(number.utf8)[...]) else {
        return false
      }
      return !number.allSatisfy { "-0123456789".contains($0) }
        && Double(number).flatMap(Int128.init(exactly:)) != integer
    }
  }

  /// So it reads `1e-400` as 0, and `4180967124213246.01` as an integer.
  private static func isRoundedInteger(_ error: JSONFailure, in bytes: [UInt8]) -> Bool {
    guard let offset = error.offset, error.message.contains("does not fit in"), error.message.contains("Int")
    else {
      return false
    }
    return bytes[offset...].prefix { "+-.0123456789eE".utf8.contains($0) }.contains {
      ".eE".utf8.contains($0)
    }
  }

  /// Foundation takes a byte order mark, and texts that look like UTF-16 or UTF-32.
  private static func isOfOtherEncoding(_ bytes: [UInt8]) -> Bool {
    bytes.prefix(4).contains(0)
      || [[0xEF, 0xBB, 0xBF], [0xFE, 0xFF], [0xFF, 0xFE]].contains { bytes.starts(with: $0) }
  }

  /// Foundation takes a comma before a closing bracket.
  private static func isTrailingComma(at offset: Int?, in bytes: [UInt8]) -> Bool {
    guard let offset, offset < bytes.count, bytes[offset] == 0x7D || bytes[offset] == 0x5D else {
      return false
    }
    return bytes[..<offset].last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == 0x2C
  }

  /// `JSONDecoder` checks no strings and numbers but those that are asked for: the second one of a name is not.
  private static func isRefusedWhenReadWhole(_ bytes: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) == nil
  }
}
