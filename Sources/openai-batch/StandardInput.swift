// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What comes in on stdin, kept in a private temporary file: a job reads its input more than once.
final class StandardInput: Sendable {
  let path: String
  /// Never committed: it goes with this object, or at a signal.
  private let file: OutputFile

  init() throws {
    file = try OutputFile(replacing: TemporaryPath.unique("openai-batch-stdin"))
    while true {
      var code: CInt = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
        var got: Int
        repeat { got = read(STDIN_FILENO, buffer.baseAddress, 256 << 10) } while got < 0 && errno == EINTR
        code = got < 0 ? errno : 0
        count = max(got, 0)
      }
      guard code == 0 else { throw FileFailure(path: "stdin", action: "read", code: code) }
      if bytes.isEmpty { break }
      try file.write(bytes[...])
    }
    path = try file.flush()
  }
}
