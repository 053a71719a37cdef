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

/// What comes in on stdin or through a pipe, kept in a private temporary file: a job reads its input more than once.
final class StandardInput: Sendable {
  let path: String
  /// Never committed: it goes with this object, or at a signal.
  private let file: OutputFile

  /// Reads what an argument names, if it can be read only once; `nil` for a file.
  convenience init?(_ argument: String) throws {
    if argument == "-" {
      try self.init(reading: STDIN_FILENO, "stdin")
      return
    }
    var status = stat()
    guard stat(argument, &status) == 0, [S_IFIFO, S_IFCHR].contains(status.st_mode & S_IFMT) else {
      return nil
    }
    let descriptor = open(argument, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(path: argument, action: "open", code: errno) }
    defer { close(descriptor) }
    try self.init(reading: descriptor, argument)
  }

  private init(reading descriptor: CInt, _ name: String) throws {
    file = try OutputFile(replacing: TemporaryPath.unique("openai-batch-stdin"))
    while true {
      var code: CInt = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
        var got: Int
        repeat {
          got = read(descriptor, buffer.baseAddress, 256 << 10)
        } while got < 0 && (errno == EINTR || DescriptorReadiness.wait(for: POLLIN, of: descriptor))
        code = got < 0 ? errno : 0
        count = max(got, 0)
      }
      guard code == 0 else { throw FileFailure(path: name, action: "read", code: code) }
      if bytes.isEmpty { break }
      try file.write(bytes[...])
    }
    path = try file.flush()
  }
}
