// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport
import Testing

#if os(Linux)
/// What a transport does to its process, each in a process of its own.
@Suite(.serialized)
struct ProcessTests {
  @Test func aForkedChildIsRefused() async {
    await #expect(processExitsWith: .success) {
      let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.text) }
      let transport = makeTransport()
      _ = try await transport.exchange(server.request())
      // Swift hides fork, because a child may do so little; refusing is part of that.
      typealias Fork = @convention(c) () -> pid_t
      let fork = unsafeBitCast(try #require(dlsym(nil, "fork")), to: Fork.self)
      let child = fork()
      if child == 0 {
        let failure = await transport.failure(of: server.request())
        _exit(failure?.kind == .shutDown && failure?.mayHaveReachedServer == false ? 0 : 1)
      }
      var status: CInt = 0
      while waitpid(child, &status, 0) < 0, errno == EINTR {}
      try #require(status == 0)
    }
  }

  @Test func exitDuringTransfersDoesNotCrash() async {
    for _ in 0..<exitCount {
      await #expect(processExitsWith: .exitCode(7)) {
        let server = try LoopbackServer { $0.waitForPeerToClose() }
        let transport = makeTransport()
        for index in 0..<8 {
          Task {
            var request = server.request()
            if index % 2 == 0 { request.head.scheme = "https" }
            _ = await transport.failure(of: request)
          }
        }
        try await waitUntil { server.connectionCount >= 8 }
        exit(7)
      }
    }
  }

  @Test(.disabled(if: isSanitized, "a sanitizer keeps freed memory"))
  func largeBodiesAreNotHeld() async {
    await #expect(processExitsWith: .success) {
      let block = [UInt8](repeating: 1, count: 1 << 20)
      let server = try LoopbackServer { connection in
        while let head = connection.readHead() {
          if head.method == "POST" { connection.readChunks { _ in } }
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 30)\r\n\r\n")
          for _ in 0..<1024 where !connection.send(block) { return }
        }
      }
      let transport = makeTransport()
      _ = await transport.failure(of: server.request(.get, timeouts: .transfer))
      let before = try peakResidentKilobytes(reset: true)
      let body = RequestBody.producer(length: nil, isReplayable: false) { PieceReader(200, of: block) }
      var response = try await transport.send(server.request(.post, body: body, timeouts: .transfer))
        .takeBody()
      var count = 0
      while let chunk = try await response.next() { count += chunk.count }
      try #require(count == 1 << 30)
      try #require(try peakResidentKilobytes(reset: false) - before < 20 << 10)
    }
  }

  @Test func socketsAreClosedOnExec() async {
    await #expect(processExitsWith: .success) {
      let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.text) }
      let transport = makeTransport()
      _ = try await transport.exchange(server.request())
      var connected = 0
      for descriptor in CInt(0)..<256 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafeMutablePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) == 0 }
        }
        guard isConnected, address.sin_family == AF_INET,
          Int(UInt16(bigEndian: address.sin_port)) == server.port
        else { continue }
        connected += 1
        try #require(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
      }
      try #require(connected == 1)
      await transport.shutdown()
    }
  }
}

private func peakResidentKilobytes(reset: Bool) throws -> Int {
  if reset { try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8) }
  let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
  return try #require(line.split(separator: " ").dropLast().last.flatMap { Int($0) })
}
#endif
