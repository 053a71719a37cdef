// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

@Suite struct DescriptorWritingTests {
  /// Whoever else has a pipe may have said that it does not block.
  @Test func waitsForAPipeThatDoesNotBlock() async throws {
    let pipe = Pipe()
    let end = pipe.fileHandleForWriting.fileDescriptor
    _ = fcntl(end, F_SETFL, O_NONBLOCK)
    let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
    let reading = Task {
      await withCheckedContinuation { done in
        // On a thread of its own, because it waits.
        DispatchQueue.global().async {
          // Only when it is full: until then the writer need not wait.
          var descriptors = [pollfd(fd: end, events: Int16(POLLOUT), revents: 0)]
          while poll(&descriptors, 1, 0) > 0 { usleep(100) }
          done.resume(returning: try? pipe.fileHandleForReading.readToEnd())
        }
      }
    }
    try bytes[...].write(to: end, path: "pipe")
    try pipe.fileHandleForWriting.close()
    #expect(await reading.value == Data(bytes))
  }
}
