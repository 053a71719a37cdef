// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A value that the service names by a string: known values are statics, unknown ones are kept as they came.
///
/// Coded as the plain string, also as the key of a dictionary.
public protocol OpenEnum: RawRepresentable, Hashable, Sendable, Codable, CodingKeyRepresentable,
  CustomStringConvertible, ExpressibleByStringLiteral
where RawValue == String, StringLiteralType == String {
  /// Creates the value that the service calls `rawValue`.
  init(rawValue: String)
}

extension OpenEnum {
  /// Creates the value that the service calls `name`.
  public init(_ name: String) { self.init(rawValue: name) }

  /// Creates the value that the service calls `value`.
  public init(stringLiteral value: String) { self.init(rawValue: value) }

  /// The service's name.
  public var description: String { rawValue }
}
