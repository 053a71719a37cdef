// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import LoopbackServer
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Synchronization
import Testing

extension NetworkTests {
  /// Cancellation, shutdown, the line and back-pressure.
  @Suite struct LifetimeTests {
    @Test func cancelWhileTheHeadIsAwaited() async throws {
      let arrived = Event()
      let gone = Event()
      let server = try LoopbackServer { connection in
        _ = connection.readRequest()
        arrived.signal()
        connection.waitForPeerToClose()
        gone.signal()
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      let task = Task { try await transport.exchange(TransportRequest(.get, on: server)) }
      await arrived.wait()
      let time = await ContinuousClock().measure {
        task.cancel()
        let failure = await #expect(throws: TransportFailure.self) { try await task.value }
        #expect(failure?.kind == .cancelled)
        #expect(failure?.mayHaveReachedServer == true)
      }
      #expect(time < .milliseconds(500))
      await gone.wait()
    }

    @Test func cancelInTheMiddleOfTheBody() async throws {
      let gone = Event()
      let server = try LoopbackServer { connection in
        _ = connection.readRequest()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
        connection.waitForPeerToClose()
        gone.signal()
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      let reading = Event()
      let task = Task {
        var body = try await transport.send(TransportRequest(.get, on: server)).takeBody()
        #expect(try await body.next() == Array("some".utf8)[...])
        reading.signal()
        _ = try await body.next()
      }
      await reading.wait()
      task.cancel()
      let failure = await #expect(throws: TransportFailure.self) { try await task.value }
      #expect(failure?.kind == .cancelled)
      await gone.wait()
    }

    @Test func cancelInTheLine() async throws {
      let server = try LoopbackServer { connection in connection.waitForPeerToClose() }
      defer { server.stop() }
      let transport = URLSessionTransport(.init(maxConnections: 1))
      let first = Task { try await transport.exchange(TransportRequest(.get, "/first", on: server)) }
      while server.connectionCount == 0 { await Task.yield() }
      let second = Task { try await transport.exchange(TransportRequest(.post, "/second", on: server)) }
      for _ in 0..<100 { await Task.yield() }
      second.cancel()
      let failure = await #expect(throws: TransportFailure.self) { try await second.value }
      #expect(failure?.kind == .cancelled)
      #expect(failure?.mayHaveReachedServer == false)
      first.cancel()
      _ = await first.result
      #expect(server.connectionCount == 1)
    }

    @Test func aCancelledTaskSendsNothing() async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      let transport = URLSessionTransport()
      let go = Event()
      let task = Task {
        await go.wait()
        return try await transport.exchange(TransportRequest(.post, on: server, body: .bytes([1])))
      }
      task.cancel()
      go.signal()
      let failure = await #expect(throws: TransportFailure.self) { try await task.value }
      #expect(failure?.kind == .cancelled)
      #expect(failure?.mayHaveReachedServer == false)
      #expect(server.connectionCount == 0)
    }

    @Test(arguments: [200, 302, 401])
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
            ? TransportRequest(.get, on: server) : TransportRequest(.post, on: server, body: .bytes([1]))
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
      let (head, _) = try await transport.exchange(TransportRequest(.get, on: server))
      #expect(head.status.code == status)
      await transport.shutdown()
    }

    @Test func aDroppedBodyEndsTheTransfer() async throws {
      let gone = Event()
      let server = try LoopbackServer { connection in
        _ = connection.readRequest()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while connection.send(Pattern.bytes(10_000)) {}
        gone.signal()
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      do {
        var body = try await transport.send(TransportRequest(.get, on: server)).takeBody()
        #expect(try await body.next()?.isEmpty == false)
      }
      await gone.wait()
      do { _ = try await transport.send(TransportRequest(.get, on: server)) }
      await transport.shutdown()
    }

    @Test func manyCallsKeepToTheLimitAndAllComplete() async throws {
      let load = Mutex((now: 0, most: 0))
      let server = try LoopbackServer { connection in
        while let request = connection.readRequest() {
          load.withLock { load in
            load.now += 1
            load.most = max(load.most, load.now)
          }
          Pause().sleep(milliseconds: 1)
          load.withLock { $0.now -= 1 }
          guard
            connection.send(
              "HTTP/1.1 200 OK\r\nContent-Length: \(request.target.count)\r\n\r\n\(request.target)")
          else { return }
        }
      }
      defer { server.stop() }
      let transport = URLSessionTransport(.init(maxConnections: 4))
      try await withThrowingTaskGroup { group in
        for index in 0..<200 {
          group.addTask {
            let (_, body) = try await transport.exchange(TransportRequest(.get, "/\(index)", on: server))
            #expect(String(decoding: body, as: UTF8.self) == "/\(index)")
          }
        }
        try await group.waitForAll()
      }
      #expect(load.withLock { $0.most } <= 4)
      #expect(server.connectionCount <= 4)
      #expect(server.requests.count == 200)
    }

    @Test func shutdownFailsWhatRunsAndWaits() async throws {
      let server = try LoopbackServer { connection in
        _ = connection.readRequest()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
        connection.waitForPeerToClose()
      }
      defer { server.stop() }
      let transport = URLSessionTransport(.init(maxConnections: 1))
      var body = try await transport.send(TransportRequest(.get, on: server)).takeBody()
      #expect(try await body.next() == Array("some".utf8)[...])
      let waiting = Task { try await transport.exchange(TransportRequest(.get, on: server)) }
      for _ in 0..<100 { await Task.yield() }
      await transport.shutdown()
      await transport.shutdown()
      let running = await #expect(throws: TransportFailure.self) { _ = try await body.next() }
      #expect(running?.kind == .shutDown)
      let queued = await #expect(throws: TransportFailure.self) { try await waiting.value }
      #expect(queued?.kind == .shutDown)
      #expect(queued?.mayHaveReachedServer == false)
      let late = await transport.failure(of: TransportRequest(.get, on: server))
      #expect(late?.kind == .shutDown)
      #expect(late?.mayHaveReachedServer == false)
    }

    @Test func shutdownOfAnUnusedTransportReturns() async {
      await URLSessionTransport().shutdown()
    }

    @Test func theLastReferenceEndsTheTransport() async throws {
      let gone = Event()
      let server = try LoopbackServer { connection in
        _ = connection.readRequest()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
        connection.waitForPeerToClose()
        gone.signal()
      }
      defer { server.stop() }
      var body = try await Self.bodyWithoutItsTransport(TransportRequest(.get, on: server))
      await gone.wait()
      let failure = await #expect(throws: TransportFailure.self) {
        while try await body.next() != nil {}
      }
      #expect(failure?.kind == .shutDown)
    }

    private static func bodyWithoutItsTransport(_ request: TransportRequest) async throws -> ResponseBody {
      try await URLSessionTransport().send(request).takeBody()
    }
  }
}
