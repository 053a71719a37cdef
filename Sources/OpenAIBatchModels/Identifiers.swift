// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The id of a batch: any string that the service gave, never parsed.
public struct BatchID: OpenEnum {
  /// The id as the service spells it.
  public let rawValue: String
  /// Creates an id. No form is checked: the service may change it.
  public init(rawValue: String) { self.rawValue = rawValue }
}

/// The id of a file: any string that the service gave, never parsed.
public struct FileID: OpenEnum {
  /// The id as the service spells it.
  public let rawValue: String
  /// Creates an id. No form is checked: the service may change it.
  public init(rawValue: String) { self.rawValue = rawValue }
}
