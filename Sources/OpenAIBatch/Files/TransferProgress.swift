// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// How far an upload or a download is.
public struct TransferProgress: Sendable, Hashable {
  /// The bytes of the file so far. An upload that is sent again starts again at 0.
  public let bytes: Int
  /// The file's length in bytes; `nil` when the server does not say.
  public let total: Int?

  /// Creates a progress, for tests.
  public init(bytes: Int, total: Int?) {
    self.bytes = bytes
    self.total = total
  }
}
