// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// How JSON values become values of a `Decodable` type, where there is a choice.
///
/// The choices and their defaults are those of Foundation's `JSONDecoder`.
public struct JSONDecoding: Sendable {
  /// How the names of members become keys.
  public enum Keys: Sendable {
    /// As they are written.
    case asWritten
    /// `input_file_id` as `inputFileId`. The keys of dictionaries stay as they are.
    case fromSnakeCase
    /// By a rule of one's own. The keys of dictionaries stay as they are.
    case custom(@Sendable (String) -> String)
  }

  /// How a `Date` is written.
  public enum Dates: Sendable {
    /// As `Date` itself does: seconds since the start of 2001.
    case deferredToDate
    /// Seconds since the start of 1970, as a number.
    case secondsSince1970
    /// Milliseconds since the start of 1970, as a number.
    case millisecondsSince1970
    /// ISO 8601 without fractions of a second, such as `2026-11-22T01:02:03Z`.
    case iso8601
    /// By a rule of one's own.
    case custom(@Sendable (any Decoder) throws -> Date)
  }

  /// How `Data` is written.
  public enum Bytes: Sendable {
    /// Base64.
    case base64
    /// As `Data` itself does: an array of numbers.
    case deferredToData
    /// By a rule of one's own.
    case custom(@Sendable (any Decoder) throws -> Data)
  }

  /// How the names of members become keys.
  public var keys: Keys = .asWritten
  /// How a `Date` is written.
  public var dates: Dates = .deferredToDate
  /// How `Data` is written.
  public var data: Bytes = .base64
  /// What `init(from:)` finds in its decoder.
  public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

  /// Creates the defaults.
  public init() {}
}

extension JSONDecoding.Keys {
  func key(_ name: String) -> String {
    switch self {
    case .asWritten: name
    case .fromSnakeCase: Self.camelCase(name)
    case .custom(let rule): rule(name)
    }
  }

  /// Words after the first get capitals as Foundation gives them, also behind a digit (`gpt_4o` is `gpt4O`);
  /// underscores at both ends stay.
  private static func camelCase(_ name: String) -> String {
    guard let first = name.firstIndex(where: { $0 != "_" }), let last = name.lastIndex(where: { $0 != "_" })
    else {
      return name
    }
    let words = name[first...last].split(separator: "_")
    let joined =
      words.count == 1
      ? String(name[first...last])
      : words[0].lowercased() + words[1...].map(\.capitalized).joined()
    return name[..<first] + joined + name[name.index(after: last)...]
  }
}
