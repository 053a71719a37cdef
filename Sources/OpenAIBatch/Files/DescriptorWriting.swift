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
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileFailure(path: path, action: "write", code: errno) }
      rest = rest.dropFirst(count)
    }
  }
}
