// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchConformance
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Synchronization
import Testing

extension NetworkTests {
  /// Cancellation and shutdown, as far as they go beyond the promises of all transports.
  @Suite struct LifetimeTests {
    @Test(arguments: [302, 401])
    func aStormOfCancelsEndsEachCallOnce(_ status: Int) async throws {
      let server = try LoopbackServer.answering { _ in
        .json(
          "{}", status: status,
          headers: [("Location", "http://127.0.0.1:1/"), ("WWW-Authenticate", #"Basic realm="a""#)])
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      let kinds = await withTaskGroup { group in
        for index in 0..<500 {
          let request =
            index % 2 == 0
            ? server.request(.get) : server.request(.post, body: .bytes([1]))
          group.addTask { () -> TransportFailure.Kind? in
            let task = Task { try await transport.exchange(request) }
            for _ in 0..<(index % 40) { await Task.yield() }
            task.cancel()
            do {
              _ = try await task.value
              return nil
            } catch {
              return (error as? TransportFailure)?.kind
            }
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(kinds.count == 500)
      #expect(kinds.allSatisfy { $0 == nil || $0 == .cancelled })
      let (head, _) = try await transport.exchange(server.request(.get))
      #expect(head.status.code == status)
      await transport.shutdown()
    }

    /// With a thread of each waiting for Foundation's only queue, that got no thread any more, for ever.
    @Test func manyTransportsDoNotStopEachOther() async throws {
      let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "ok") }
      defer { server.stop() }
      let failures = await withTaskGroup { group in
        for _ in 0..<300 {
          group.addTask { await URLSessionTransport().failure(of: server.request()) }
        }
        return await group.reduce(into: []) { if let failure = $1 { $0.append(failure) } }
      }
      #expect(failures.isEmpty, "\(failures.first as Any)")
    }

    @Test func aCancelledShutdownEndsABodyThatIsBeingRead() async throws {
      let server = try LoopbackServer { connection in
        _ = connection.readRequest()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
        connection.waitForPeerToClose()
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      var body = try await transport.send(server.request(.get)).takeBody()
      #expect(try await body.next() == Array("some".utf8)[...])
      let shutdown = Task { await transport.shutdown() }
      shutdown.cancel()
      await shutdown.value
      let failure = await #expect(throws: TransportFailure.self) { _ = try await body.next() }
      #expect(failure?.kind == .shutDown)
    }
  }
}
