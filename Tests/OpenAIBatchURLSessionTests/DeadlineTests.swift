// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import LoopbackServer
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Testing

extension NetworkTests {
  @Suite struct DeadlineTests {
    private func elapsed(_ work: () async throws -> Void) async rethrows -> Duration {
      try await ContinuousClock().measure(work)
    }

    @Test(arguments: [RequestBody.empty, .bytes([1])])
    func totalEndsAnExchangeWithoutAnAnswer(_ body: RequestBody) async throws {
      let server = try LoopbackServer { connection in connection.waitForPeerToClose() }
      defer { server.stop() }
      let timeouts = Timeouts(total: .milliseconds(300))
      let time = await elapsed {
        let failure = await URLSessionTransport().failure(
          of: TransportRequest(.post, on: server, body: body, timeouts: timeouts))
        #expect(failure?.kind == .timedOut)
        #expect(failure?.mayHaveReachedServer == true)
      }
      #expect(time >= .milliseconds(300) && time < .milliseconds(2300))
    }

    @Test func totalEndsADrip() async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        let pause = Pause()
        while connection.send("1\r\nx\r\n") { pause.sleep(milliseconds: 20) }
      }
      defer { server.stop() }
      let time = await elapsed {
        let failure = await URLSessionTransport().failure(
          of: TransportRequest(
            .get, on: server, timeouts: Timeouts(idle: .seconds(10), total: .milliseconds(400))))
        #expect(failure?.kind == .timedOut)
      }
      #expect(time >= .milliseconds(400) && time < .milliseconds(2400))
    }

    @Test func idleEndsASilence() async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
        connection.waitForPeerToClose()
      }
      defer { server.stop() }
      let time = await elapsed {
        let failure = await URLSessionTransport().failure(
          of: TransportRequest(.get, on: server, timeouts: Timeouts(idle: .milliseconds(300), total: nil)))
        #expect(failure?.kind == .timedOut)
      }
      #expect(time >= .milliseconds(300) && time < .milliseconds(2300))
    }

    @Test func aDripKeepsIdleAway() async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
        let pause = Pause()
        for _ in 0..<20 where connection.send("x") { pause.sleep(milliseconds: 50) }
      }
      defer { server.stop() }
      let (_, body) = try await URLSessionTransport().exchange(
        TransportRequest(.get, on: server, timeouts: Timeouts(idle: .milliseconds(600), total: nil)))
      #expect(body.count == 20)
    }

    /// A peer that takes the connection and then says nothing of TLS: the request has a body, so connecting is
    /// told from waiting.
    @Test func connectEndsAMuteHandshakeAndNothingWasSent() async throws {
      let server = try LoopbackServer { connection in connection.waitForPeerToClose() }
      defer { server.stop() }
      var request = TransportRequest(
        .post, on: server, body: .bytes([1, 2, 3]),
        timeouts: Timeouts(connect: .milliseconds(300), idle: .seconds(20), total: .seconds(20)))
      request.head.scheme = "https"
      let time = await elapsed {
        let failure = await URLSessionTransport().failure(of: request)
        #expect(failure?.kind == .notSent)
        #expect(failure?.mayHaveReachedServer == false)
      }
      #expect(time >= .milliseconds(300) && time < .milliseconds(2300))
    }

    @Test func aSlowAnswerIsNoConnectTimeout() async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        Pause().sleep(milliseconds: 500)
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
      defer { server.stop() }
      let timeouts = Timeouts(connect: .milliseconds(200), idle: .seconds(10), total: .seconds(10))
      for method in [HTTPRequest.Method.get, .post] {
        let (_, body) = try await URLSessionTransport().exchange(
          TransportRequest(
            method, on: server, body: method == .post ? .bytes([1]) : .empty, timeouts: timeouts))
        #expect(body == Array("ok".utf8))
      }
    }

    @Test func totalEndsTheWaitInLineAndNothingWasSent() async throws {
      let server = try LoopbackServer { connection in connection.waitForPeerToClose() }
      defer { server.stop() }
      let transport = URLSessionTransport(.init(maxConnections: 1))
      let first = Task { try await transport.exchange(TransportRequest(.get, on: server)) }
      while server.connectionCount == 0 { await Task.yield() }
      let time = await elapsed {
        let failure = await transport.failure(
          of: TransportRequest(
            .post, on: server, body: .bytes([1]), timeouts: Timeouts(total: .milliseconds(300))))
        #expect(failure?.kind == .notSent)
        #expect(failure?.mayHaveReachedServer == false)
      }
      #expect(time >= .milliseconds(300) && time < .milliseconds(2300))
      first.cancel()
      _ = await first.result
      #expect(server.connectionCount == 1)
    }

    @Test func totalEndsAProducerThatNeverEnds() async throws {
      final class Never: RequestBodyReader {
        func next() async throws -> ArraySlice<UInt8>? {
          try await Task.sleep(for: .seconds(3600))
          return nil
        }
      }
      let server = try LoopbackServer { _ in }
      defer { server.stop() }
      let time = await elapsed {
        let failure = await URLSessionTransport().failure(
          of: TransportRequest(
            .post, on: server, body: .producer(length: nil, isReplayable: false) { Never() },
            timeouts: Timeouts(total: .milliseconds(300))))
        #expect(failure?.kind == .notSent)
      }
      #expect(time >= .milliseconds(300) && time < .milliseconds(2300))
    }

    @Test(arguments: [
      Timeouts(connect: .zero, idle: .zero, total: .zero),
      Timeouts(connect: .seconds(-1), idle: .seconds(-1), total: .seconds(-1)),
    ])
    func timeoutsOfNothingFail(_ timeouts: Timeouts) async throws {
      let server = try LoopbackServer { connection in connection.waitForPeerToClose() }
      defer { server.stop() }
      _ = await URLSessionTransport().failure(of: TransportRequest(.get, on: server, timeouts: timeouts))
    }

    @Test func endlessTimeoutsAreNoTrap() async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      let endless = Duration(secondsComponent: .max, attosecondsComponent: 0)
      _ = try await URLSessionTransport().exchange(
        TransportRequest(
          .post, on: server, body: .bytes([1]),
          timeouts: Timeouts(connect: endless, idle: endless, total: endless)))
    }
  }
}
