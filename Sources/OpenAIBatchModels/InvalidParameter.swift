// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A value that the service would refuse, found before anything was sent.
public struct InvalidParameter: Error, Sendable, Hashable, CustomStringConvertible {
  /// The field at fault, in the service's spelling.
  public let field: String
  /// The value, or its size.
  public let value: String
  /// What is allowed.
  public let allowed: String

  /// Creates an error.
  public init(field: String, value: String, allowed: String) {
    self.field = field
    self.value = value
    self.allowed = allowed
  }

  /// `limit is 101; it must be 1…100.`
  public var description: String { "\(field) is \(value); it must be \(allowed)." }

  /// Checks that a name is not empty.
  package static func check(_ text: String, named field: String) throws(InvalidParameter) {
    guard !text.isEmpty else { throw InvalidParameter(field: field, value: "empty", allowed: "any text") }
  }

  /// Checks that a number is in its range.
  package static func check(
    _ number: Int, in range: ClosedRange<Int>, named field: String
  ) throws(InvalidParameter) {
    guard range ~= number else {
      throw InvalidParameter(
        field: field, value: "\(number)", allowed: "\(range.lowerBound)…\(range.upperBound)")
    }
  }
}
