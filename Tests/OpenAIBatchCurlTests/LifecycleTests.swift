// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import LoopbackServer
import OpenAIBatchCurl
import OpenAIBatchTransport
import Synchronization
import Testing

/// Many calls at once, and the end of a transport.
@Suite(.serialized)
struct LifecycleTests {
  @Test func manyCallsShareFewConnections() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.text) }
    defer { server.stop() }
    let transport = makeTransport(maxConnections: 8)
    let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for index in 0..<1_000 {
        group.addTask {
          let body = RequestBody.bytes(Array("call \(index)".utf8))
          return (index, try await transport.receive(server.request(.post, body: body)).text)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.count == 1_000)
    #expect(answers.allSatisfy { $0.1 == "call \($0.0)" })
    #expect(server.connectionCount <= 8)
    #expect(server.requests.count == 1_000)
  }

  @Test func theLastReferenceEndsTransfers() async throws {
    let closed = Event()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      connection.waitForPeerToClose()
      closed.signal()
    }
    defer { server.stop() }
    var transport: CurlTransport? = makeTransport()
    var body = try await #require(transport).send(server.request()).takeBody()
    #expect(try await body.next() == Array("abc".utf8)[...])
    transport = nil
    let failure = await #expect(throws: TransportFailure.self) { try await body.next() }
    #expect(failure?.kind == .shutDown)
    #expect(failure?.mayHaveReachedServer == true)
    await closed.wait()
  }

  @Test func shutdownDrainsAndThenRefuses() async throws {
    let mayAnswer = DispatchSemaphore(value: 0)
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      mayAnswer.wait()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    defer { server.stop() }
    let transport = makeTransport(maxConnections: 1)
    async let first = transport.receive(server.request(.get, "/1")).text
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

  @Test func shutdownOfAnUnusedTransportReturns() async {
    await makeTransport().shutdown()
  }

  @Test func secretsAreNotShown() async throws {
    let proxy = CurlTransport.Proxy.url("http://user:canary@127.0.0.1:9")
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
