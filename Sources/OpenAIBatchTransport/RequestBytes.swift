// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What the parts of a request may be made of.
extension UInt8 {
  /// An ASCII letter or digit.
  @inlinable package var isLetterOrDigit: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default:
      false
    }
  }

  /// Letters, digits and what host names, IPv6 literals and ports need. No `@`, so no user information.
  @inlinable package var isAuthorityByte: Bool {
    switch self {
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"),
      UInt8(ascii: "["), UInt8(ascii: "]"):
      true
    default:
      isLetterOrDigit
    }
  }

  /// What a header's value may have: no control character but the tab.
  @inlinable package var isFieldByte: Bool { self >= 0x20 && self != 0x7F || self == UInt8(ascii: "\t") }
}
