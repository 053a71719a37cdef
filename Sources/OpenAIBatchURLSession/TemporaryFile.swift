// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// A private file that others open by its path, and that is removed with its last reference.
final class TemporaryFile: Sendable {
  /// Where the file is.
  let path: String
  private let file: OpenFile

  /// Creates an empty file in `directory`.
  init(in directory: String) throws(FileFailure) {
    path = "\(directory)/\(TemporaryPath.name("openai-batch"))"
    file = try OpenFile(creating: path)
  }

  deinit {
    TemporaryPath.remove(path)
  }

  /// Writes all of `bytes` at `offset`.
  func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) throws(FileFailure) {
    try file.write(bytes, at: offset)
  }
}
