// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Waiting for a descriptor that does not block: of a pipe that was handed down, whoever else has it may have said so.
package enum DescriptorReadiness {
  /// Waits, when `errno` says that the descriptor would have blocked; `false` when it says anything else.
  package static func wait(for event: some BinaryInteger, of descriptor: CInt) -> Bool {
    guard errno == EAGAIN || errno == EWOULDBLOCK else { return false }
    var descriptors = [pollfd(fd: descriptor, events: CShort(event), revents: 0)]
    _ = poll(&descriptors, 1, -1)
    return true
  }
}

extension ArraySlice<UInt8> {
  /// Writes all bytes to an open file, however often the system takes only some of them.
  ///
  /// - Parameters:
  ///   - descriptor: The open file.
  ///   - path: What to call the file in the error.
  package func write(to descriptor: CInt, path: String) throws(FileFailure) {
    var rest = self
    while !rest.isEmpty {
      let count = rest.withUnsafeBufferPointer { buffer in
        #if canImport(Darwin)
        Darwin.write(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Glibc)
        Glibc.write(descriptor, buffer.baseAddress, buffer.count)
        #else
        Musl.write(descriptor, buffer.baseAddress, buffer.count)
        #endif
      }
      if count < 0, errno == EINTR || DescriptorReadiness.wait(for: POLLOUT, of: descriptor) { continue }
      guard count >= 0 else { throw FileFailure(path: path, action: "write", code: errno) }
      rest = rest.dropFirst(count)
    }
  }
}
