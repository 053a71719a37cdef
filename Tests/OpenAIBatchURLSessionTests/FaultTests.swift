// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Testing

extension NetworkTests {
  /// Faults beyond those of all transports.
  @Suite struct FaultTests {
    /// Well-formed, but Foundation cannot read them, or would decode them without noticing a cut.
    @Test(arguments: [
      "HTTP/1.1 200 OK\r\nContent-Length:5\r\n\r\nhello", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    ])
    func whatFoundationCannotReadIsMalformed(_ response: String) async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        connection.send(response)
      }
      defer { server.stop() }
      let failure = await URLSessionTransport().failure(of: server.request())
      #expect(failure?.kind == .malformed)
      #expect(failure?.mayHaveReachedServer == true)
    }

    @Test func aFileThatChangedIsNotSent() async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      let folder = try Folder()
      let path = try folder.file([1, 2, 3])
      let request = server.request(.post, body: .file(path))
      try Data([1, 2]).write(to: URL(fileURLWithPath: path))
      let failure = await URLSessionTransport().failure(of: request)
      #expect(failure?.kind == .body)
      #expect(failure?.mayHaveReachedServer == false)
      #expect(server.connectionCount == 0)
    }
  }
}
