// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A JSON text that is not valid, or not what was expected of it.
public struct JSONFailure: Error, Sendable, Hashable {
  /// What was expected or what is wrong, in words.
  public let message: String
  /// The line, counted from 1, where one is known. For JSON Lines the line of the file.
  public var line: Int?
  /// The byte in that text (for JSON Lines: in that line), counted from 0, where one is known.
  public let offset: Int?
  /// The path to the value, such as `data[3].created_at`; empty at the top.
  public let path: String

  /// Creates a failure.
  public init(_ message: String, line: Int? = nil, offset: Int? = nil, path: String = "") {
    self.message = message
    self.line = line
    self.offset = offset
    self.path = path
  }
}

extension JSONFailure: CustomStringConvertible {
  /// Where, then what: `line 3, byte 17: expected ',' or '}'`.
  public var description: String {
    let places = [
      line.map { "line \($0)" }, offset.map { "byte \($0)" }, path.isEmpty ? nil : "at \(path)",
    ].compactMap(\.self)
    return places.isEmpty ? message : "\(places.joined(separator: ", ")): \(message)"
  }
}
