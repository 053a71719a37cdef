// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import OpenAIBatchAsyncHTTPClient
import OpenAIBatchConformance
import OpenAIBatchTransport
import Synchronization
import Testing

/// An application's own client.
@Suite(.serialized)
struct SharedClientTests {
  @Test(arguments: [true, false])
  func itIsUsedAndNotShutDown(hasOneLoop: Bool) async throws {
    let loops = MultiThreadedEventLoopGroup.singleton
    // Those in work, and the most there were. A connection may be closed a moment after the next one was opened.
    let inWork = Mutex((now: 0, most: 0))
    let server = try LoopbackServer.answering {
      inWork.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      defer { inWork.withLock { $0.now -= 1 } }
      return LoopbackAnswer(body: $0.body)
    }
    defer { server.stop() }
    try await withClient(group: hasOneLoop ? loops.next() : loops) { client in
      let transport = AsyncHTTPClientTransport(client: client, maxConnections: 2)
      try await withThrowingTaskGroup { group in
        for index in 0..<40 {
          let body = RequestBody.bytes(Array("call \(index)".utf8))
          group.addTask { try await transport.text(of: server.request(.post, body: body)) == "call \(index)" }
        }
        for try await isRight in group { #expect(isRight) }
      }
      #expect(inWork.withLock { $0.most } <= 2)
      if hasOneLoop { #expect(server.mostConnections <= 2) }
      await transport.shutdown()
      #expect(await transport.failure(of: server.request())?.kind == .shutDown)
      let response = try await client.get(url: "http://127.0.0.1:\(server.port)/").get()
      #expect(response.status == .ok)
    }
  }

  @Test func oneEventLoopKeepsItsConnections() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.body) }
    defer { server.stop() }
    try await withClient(group: MultiThreadedEventLoopGroup.singleton.next()) { client in
      let transport = AsyncHTTPClientTransport(client: client)
      for _ in 0..<10 { _ = try await transport.exchange(server.request(.post, body: .bytes([1]))) }
      #expect(server.connectionCount == 1)
    }
  }

  /// The client follows redirects by default, which must not happen behind the transport's back.
  @Test(arguments: [301, 302, 303, 307, 308])
  func aRedirectIsReturned(status: Int) async throws {
    let other = try LoopbackServer.answering { _ in LoopbackAnswer() }
    let server = try LoopbackServer.answering { _ in
      LoopbackAnswer(status, headers: [("Location", "http://127.0.0.1:\(other.port)/")], body: "moved")
    }
    defer {
      server.stop()
      other.stop()
    }
    try await withClient { client in
      let transport = AsyncHTTPClientTransport(client: client)
      let request = server.request(.post, body: .bytes([1]), fields: [.authorization: "Bearer canary"])
      let (head, body) = try await transport.exchange(request)
      #expect(head.status.code == status)
      #expect(head.headerFields[.location] == "http://127.0.0.1:\(other.port)/")
      #expect(body.isEmpty)
      await transport.shutdown()
    }
    #expect(other.connectionCount == 0)
    #expect(server.requests.count == 1)
  }

  @Test func aBodyThatTheClientMayHaveDecodedIsMalformed() async throws {
    let server = try LoopbackServer.answering { _ in
      LoopbackAnswer(headers: [("Content-Encoding", "gzip")], body: "not gzip")
    }
    defer { server.stop() }
    try await withClient { client in
      let transport = AsyncHTTPClientTransport(client: client)
      #expect(await transport.failure(of: server.request())?.kind == .malformed)
      let asking = server.request(fields: [.acceptEncoding: "gzip"])
      let text = try await transport.text(of: asking)
      #expect(text == "not gzip")
    }
  }

  @Test func aClientThatWasShutDownIsShutDown() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    let transport = AsyncHTTPClientTransport(client: client)
    let running = Task { await transport.failure(of: server.request()) }
    try await waitUntil { !server.requests.isEmpty }
    try await client.shutdown()
    let broken = await running.value
    #expect(broken?.mayHaveReachedServer == true)
    let failure = await transport.failure(of: server.request())
    #expect(failure?.kind == .shutDown)
    #expect(failure?.mayHaveReachedServer == false)
  }

  @Test func itsOwnTimeoutsAreTimeouts() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let configuration = HTTPClient.Configuration(timeout: .init(read: .milliseconds(50)))
    try await withClient(configuration) { client in
      let failure = await AsyncHTTPClientTransport(client: client).failure(of: server.request())
      #expect(failure?.kind == .timedOut)
      #expect(failure?.mayHaveReachedServer == true)
    }
  }

  /// The client says why at once, or tries again until the time is over.
  @Test(arguments: [(false, "No request was sent"), (true, "took too long")])
  func whatWasNotSentIsNotSent(triesAgain: Bool, words: String) async throws {
    let server = try LoopbackServer { _ in }
    await server.end()
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.retryConnectionEstablishment = triesAgain
    try await withClient(configuration) { client in
      let transport = AsyncHTTPClientTransport(client: client)
      let timeouts = Timeouts(connect: triesAgain ? .milliseconds(300) : .seconds(20))
      let failure = await transport.failure(of: server.request(.post, body: .bytes([1]), timeouts: timeouts))
      #expect(failure?.kind == .notSent)
      #expect(failure?.mayHaveReachedServer == false)
      #expect(failure?.message.contains(words) == true)
    }
  }
}
#endif
