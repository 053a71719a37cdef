// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A folder of mode 0700 that nobody else can look into, removed with its last reference.
///
/// Every file in it holds a reference, so it is empty by then.
final class PrivateFolder: Sendable {
  let path: String

  /// Makes a folder inside `parent`; by default in `TMPDIR` or `/tmp`.
  init(in parent: String?) throws(FileFailure) {
    let parent = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/openai-batch-simulator-XXXXXX".utf8CString)
    let isMade = template.withUnsafeMutableBufferPointer {
      $0.baseAddress.map { mkdtemp($0) != nil } ?? false
    }
    guard isMade else { throw FileFailure(path: parent, action: "make a folder inside", code: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    rmdir(path)
  }
}
