// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// The scalars of a value, or the error that says why there is none.

extension JSONDecodingContext {
  func isNull(_ node: Int) -> Bool { read(node, \.isNull) }

  func bool(_ node: Int) throws -> Bool {
    guard let value = read(node, \.bool) else { throw mismatch(Bool.self, node) }
    return value
  }

  func string(_ node: Int) throws -> String {
    try read(node) { view in
      guard let text = view.string else { throw mismatch(String.self, node) }
      guard !view.raw.flags.contains(.loneSurrogate) else {
        throw corrupted("the text has a surrogate without its partner", node)
      }
      return text
    }
  }

  func integer<Integer: FixedWidthInteger>(_ node: Int, _ type: Integer.Type = Integer.self) throws -> Integer
  {
    if let value: Integer = try number(node, type, { $0.wholeInteger() }) { return value }
    throw misfit(type, node)
  }

  func double(_ node: Int) throws -> Double {
    if let value = try number(node, Double.self, \.checkedDouble) { return value }
    throw misfit(Double.self, node)
  }

  func float(_ node: Int) throws -> Float {
    if let value = try number(node, Float.self, \.checkedFloat) { return value }
    throw misfit(Float.self, node)
  }

  func number<Result>(_ node: Int, _ type: any Any.Type, _ value: (JSONNumber) -> Result) throws -> Result {
    try read(node) { view in
      guard view.isNumber else { throw mismatch(type, node) }
      return value(view.jsonNumber)
    }
  }
}

// MARK: Errors

extension JSONDecodingContext {
  /// Another type was expected; null is told apart, as Foundation does.
  func mismatch(_ type: any Any.Type, _ node: Int) -> DecodingError {
    let place = DecodingError.Context(
      codingPath: path(to: node),
      debugDescription: "expected \(type), found \(read(node, \.kind).words)")
    return isNull(node) ? .valueNotFound(type, place) : .typeMismatch(type, place)
  }

  func corrupted(_ message: String, _ node: Int) -> DecodingError {
    .dataCorrupted(.init(codingPath: path(to: node), debugDescription: message))
  }

  private func misfit(_ type: any Any.Type, _ node: Int) -> DecodingError {
    corrupted("the number \(read(node, \.jsonNumber.text).prefix(40)) does not fit in \(type)", node)
  }
}

extension JSONValue.Kind {
  /// The kind with its article.
  fileprivate var words: String {
    switch self {
    case .object: "an object"
    case .array: "an array"
    case .string: "a string"
    case .number: "a number"
    case .boolean: "a boolean"
    case .null: "null"
    }
  }
}

extension JSONNumber {
  /// A `Double` in which the number is not lost: neither too large nor so small that nothing is left.
  var checkedDouble: Double? { double.flatMap { $0 != 0 || isZero ? $0 : nil } }

  /// A `Float` in which the number is not lost.
  var checkedFloat: Float? { float.flatMap { $0 != 0 || isZero ? $0 : nil } }
}
