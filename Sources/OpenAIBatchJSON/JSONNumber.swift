// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A number that was scanned: its digits, in which no information is lost.
struct JSONNumber {
  let digits: UnsafeBufferPointer<UInt8>
  let isFractional: Bool

  /// The number as it stands in the text.
  var text: String { String(decoding: digits, as: UTF8.self) }

  /// An integer that is written without fraction and exponent, and fits.
  func integer<Integer: FixedWidthInteger>() -> Integer? {
    guard !isFractional else { return nil }
    let isNegative = digits[0] == UInt8(ascii: "-")
    var value: Integer = 0
    for digit in digits[(isNegative ? 1 : 0)...] {
      let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let digit = Integer(truncatingIfNeeded: digit &- 0x30)
      let (sum, isOver) =
        isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      guard !isTooLarge, !isOver else { return nil }
      value = sum
    }
    return value
  }

  /// An integer in any spelling, such as `1.0` or `1e3`, that is whole and fits: exactly, never by way of a
  /// `Double`.
  func wholeInteger<Integer: FixedWidthInteger>() -> Integer? {
    if !isFractional { return integer() }
    var significand = significand
    guard !significand.isEmpty else { return 0 }
    guard var exponent = exponentOfSignificand else { return nil }
    while exponent < 0, significand.last == 0x30 {
      significand.removeLast()
      exponent += 1
    }
    guard 0...40 ~= exponent, significand.count + exponent <= 40 else { return nil }
    let sign: [UInt8] = digits[0] == UInt8(ascii: "-") ? [UInt8(ascii: "-")] : []
    let whole = sign + significand + [UInt8](repeating: 0x30, count: exponent)
    return Integer(String(decoding: whole, as: UTF8.self))
  }

  /// The nearest `Double`; `nil` for a number too large for one.
  var double: Double? {
    if let value = exactDouble { return value }
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// The nearest `Float`; `nil` for a number too large for one.
  var float: Float? {
    // A `Double` halfway between two floats may itself have been rounded: then the digits decide.
    if let value = exactDouble, value.bitPattern & 0x1FFF_FFFF != 0x1000_0000,
      value == 0 || 0x1p-126...0x1.fffffep127 ~= value.magnitude
    {
      return Float(value)
    }
    guard let value = Float(text), value.isFinite else { return nil }
    return value
  }

  /// Whether any digit before the exponent is not 0.
  var isZero: Bool {
    mantissa.allSatisfy { !(UInt8(ascii: "1")...UInt8(ascii: "9") ~= $0) }
  }

  /// The nearest `Double`, when one correctly rounded operation gives it (Clinger's fast path): a significand
  /// below 2^53 and a power of ten that is exact itself.
  private var exactDouble: Double? {
    if !isFractional, digits.count <= 15, digits[0] != UInt8(ascii: "-") {
      return Double(digits.reduce(0) { $0 &* 10 &+ Int64($1 &- 0x30) })
    }
    var significand: UInt64 = 0
    var (count, scale, index) = (0, 0, 0)
    let isNegative = digits[0] == UInt8(ascii: "-")
    if isNegative { index = 1 }
    var isBehindPoint = false
    while index < digits.count {
      let byte = digits[index]
      if byte == UInt8(ascii: ".") {
        isBehindPoint = true
      } else if byte &- 0x30 < 10 {
        significand = significand &* 10 &+ UInt64(byte &- 0x30)
        // Leading zeros do not count; a significand that runs over is recognised by the count.
        if count > 0 || byte != 0x30 { count += 1 }
        if isBehindPoint { scale -= 1 }
      } else {
        guard let exponent = exponent(from: index + 1) else { return nil }
        // An exponent that runs over stays far out of the range below.
        scale &+= exponent
        break
      }
      index += 1
    }
    guard count <= 19, significand <= 1 << 53, -22...22 ~= scale else { return nil }
    let power = Self.powersOfTen[abs(scale)]
    let magnitude = scale < 0 ? Double(significand) / power : Double(significand) * power
    return isNegative ? -magnitude : magnitude
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19,
    1e20, 1e21, 1e22,
  ]

  private func exponent(from start: Int) -> Int? {
    Int(String(decoding: digits[start...], as: UTF8.self))
  }

  /// What stands before the exponent.
  private var mantissa: Slice<UnsafeBufferPointer<UInt8>> {
    digits.prefix { $0 | 0x20 != UInt8(ascii: "e") }
  }

  /// The digits without sign, point and leading zeros.
  private var significand: [UInt8] {
    Array(mantissa.filter { $0 &- 0x30 < 10 }.drop { $0 == 0x30 })
  }

  /// The power of ten that the significand is multiplied with; `nil` when it is beyond all bounds.
  private var exponentOfSignificand: Int? {
    let mantissa = mantissa
    let fraction = mantissa.firstIndex(of: UInt8(ascii: ".")).map { mantissa.endIndex - $0 - 1 } ?? 0
    guard mantissa.endIndex < digits.endIndex else { return -fraction }
    guard let exponent = exponent(from: mantissa.endIndex + 1) else { return nil }
    let (sum, isOver) = exponent.subtractingReportingOverflow(fraction)
    return isOver ? nil : sum
  }
}
