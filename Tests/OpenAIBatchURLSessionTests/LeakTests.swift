// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchURLSession

extension NetworkTests {
  /// What is left of a transport that has ended.
  @Suite struct LeakTests {
    @Test(arguments: [false, true])
    func nothingIsLeftOfATransport(shutsDown: Bool) async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      weak var engine: SessionEngine?
      let before = descriptors()
      do {
        let transport = URLSessionTransport()
        engine = transport.engine
        for _ in 0..<5 {
          _ = try await transport.exchange(server.request(.get))
          _ = try await transport.exchange(server.request(.post))
          _ = try await transport.exchange(server.request(.post, body: .bytes([1])))
        }
        if shutsDown { await transport.shutdown() }
      }
      server.stop()
      // The sessions close their connections on queues of their own; there is no event for it.
      let deadline = ContinuousClock.now + .seconds(10)
      while engine != nil || (descriptors() ?? 0) > (before ?? 0), ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(engine == nil)
      #expect((descriptors() ?? 0) <= (before ?? 0))
    }

    /// How many descriptors the process has open, where the system tells; the server's are among them.
    private func descriptors() -> Int? {
      try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }
  }
}
