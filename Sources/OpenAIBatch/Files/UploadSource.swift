// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// The content of an upload: the same bytes for each attempt and each part, or an error.
enum UploadSource: Sendable {
  case bytes([UInt8])
  /// A file, in the state in which it was when the upload began.
  case file(path: String, version: FileVersion)

  /// Opens a file, so that a missing one is said before anything is sent.
  init(path: String, expecting version: FileVersion? = nil) throws(FileFailure) {
    let file = try FileBytes(path: path, range: 0..<0, expecting: version)
    self = .file(path: path, version: file.version)
  }

  /// The length in bytes.
  var length: Int64 {
    switch self {
    case .bytes(let bytes): Int64(bytes.count)
    case .file(_, let version): version.length
    }
  }

  /// A part of the content as a body that can be sent again.
  func body(_ range: Range<Int64>) -> RequestBody {
    .producer(length: range.upperBound - range.lowerBound, isReplayable: true) {
      switch self {
      case .bytes(let bytes): ChunkReader(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
      case .file(let path, let version): try FileBytes(path: path, range: range, expecting: version)
      }
    }
  }

  /// Fails for a file that is not as it was.
  func checkUnchanged() throws(FileFailure) {
    guard case .file(let path, let version) = self else { return }
    _ = try FileBytes(path: path, range: 0..<0, expecting: version)
  }
}
