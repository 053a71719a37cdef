// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport
import Testing

/// The end of a transport, as far as this one goes beyond the promises of all.
@Suite(.serialized)
struct LifecycleTests {
  @Test func shutdownDrainsAndThenRefuses() async throws {
    let mayAnswer = Event()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      mayAnswer.block()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    defer { server.stop() }
    let transport = makeTransport(maxConnections: 1)
    async let first = transport.text(of: server.request(.get, "/1"))
    while server.requests.isEmpty { await Task.yield() }
    async let shutdown: Void = transport.shutdown()
    // Refusal tells that the shutdown has begun.
    while await transport.failure(of: server.request(timeouts: Timeouts(total: .milliseconds(20))))?.kind
      != .shutDown
    {}
    mayAnswer.signal()
    #expect(try await first == "ok")
    await shutdown
    await transport.shutdown()
    let failure = await transport.failure(of: server.request())
    #expect(failure?.kind == .shutDown)
    #expect(failure?.mayHaveReachedServer == false)
  }

  /// Libcurl says how much of a body it has sent, and not when.
  @Test func theIdleTimeoutOfACallWithABodyIsNoLonger() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let idle = Duration.seconds(1)
    let start = ContinuousClock.now
    let request = server.request(.post, body: .bytes([1]), timeouts: Timeouts(idle: idle, total: nil))
    #expect(await makeTransport().failure(of: request)?.kind == .timedOut)
    #expect(.now - start < idle * 1.8)
  }

  @Test func aCancelledShutdownEndsTheRest() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let transport = makeTransport(maxConnections: 1)
    let running = Task { await transport.failure(of: server.request(.get, "/running")) }
    while server.requests.isEmpty { await Task.yield() }
    let shutdown = Task { await transport.shutdown() }
    shutdown.cancel()
    await shutdown.value
    let failure = await running.value
    #expect(failure?.kind == .shutDown)
    #expect(failure?.mayHaveReachedServer == true)
  }

  @Test func secretsAreNotShown() async throws {
    let proxy = TransportProxy.url("http://user:canary@127.0.0.1:9")
    let transport = CurlTransport(
      .init(proxy: proxy), environment: ["https_proxy": "http://a:canary@127.0.0.1:9"])
    let head = HTTPRequest(
      method: .post, scheme: "http", authority: "127.0.0.1:9", path: "/canary?key=canary",
      headerFields: [.authorization: "Bearer canary"])
    let failure = await transport.failure(
      of: TransportRequest(head: head, body: .bytes(Array("canary".utf8)), operation: "test"))
    #expect(failure?.kind == .notSent)
    var text =
      "\(transport) \(transport.configuration) \(proxy) \(String(reflecting: proxy)) \(failure.debugDescription)"
    dump(transport, to: &text)
    dump(failure, to: &text)
    #expect(!text.contains("canary"))
    #expect("\(proxy)" == "http://<redacted>@127.0.0.1:9")
  }
}
