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
import Testing

/// An application's own client.
@Suite(.serialized)
struct SharedClientTests {
  /// Runs `body` with a client that is shut down afterwards.
  private func withClient(
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    _ configuration: HTTPClient.Configuration = HTTPClient.Configuration(),
    _ body: (HTTPClient) async throws -> Void
  ) async throws {
    let client = HTTPClient(eventLoopGroup: group, configuration: configuration)
    do {
      try await body(client)
    } catch {
      try await client.shutdown()
      throw error
    }
    try await client.shutdown()
  }

  @Test func itIsUsedAndNotShutDown() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.body) }
    defer { server.stop() }
    try await withClient { client in
      let transport = AsyncHTTPClientTransport(client: client, maxConnections: 2)
      try await withThrowingTaskGroup { group in
        for index in 0..<40 {
          let body = RequestBody.bytes(Array("call \(index)".utf8))
          group.addTask { try await transport.text(of: server.request(.post, body: body)) == "call \(index)" }
        }
        for try await isRight in group { #expect(isRight) }
      }
      #expect(server.mostConnections <= 3)
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
    while server.requests.isEmpty { await Task.yield() }
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

  @Test func whatWasNotSentIsNotSent() async throws {
    let server = try LoopbackServer { _ in }
    server.stop()
    try await withClient { client in
      let transport = AsyncHTTPClientTransport(client: client)
      let request = server.request(.post, body: .bytes([1]), timeouts: Timeouts(connect: .milliseconds(300)))
      let failure = await transport.failure(of: request)
      #expect(failure?.kind == .notSent)
      #expect(failure?.mayHaveReachedServer == false)
    }
  }
}
#endif
