// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import Foundation
import OpenAIBatchConformance
import OpenAIBatchAsyncHTTPClient
import OpenAIBatchTransport
import Testing

/// The end of a transport, as far as this one goes beyond the promises of all.
@Suite(.serialized)
struct LifecycleTests {
  @Test func whatWaitsAtTheEndIsNotBegun() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let hasBegun = Event()
    let body = RequestBody.producer(length: nil, isReplayable: false) {
      hasBegun.signal()
      return PieceReader { nil }
    }
    let transport = makeTransport(maxConnections: 1)
    let running = Task { await transport.failure(of: server.request(.get, "/running")) }
    try await waitUntil { !server.requests.isEmpty }
    let waiting = (0..<20).map { _ in
      Task { await transport.failure(of: server.request(.post, "/waiting", body: body)) }
    }
    // When this one has waited in vain, the others are in the line too.
    let last = server.request(timeouts: Timeouts(total: .milliseconds(100)))
    #expect(await transport.failure(of: last)?.kind == .notSent)
    let shutdown = Task { await transport.shutdown() }
    shutdown.cancel()
    await shutdown.value
    #expect(await running.value?.kind == .shutDown)
    for call in waiting {
      let failure = await call.value
      #expect(failure?.kind == .shutDown)
      #expect(failure?.mayHaveReachedServer == false)
    }
    #expect(!hasBegun.hasHappened)
    #expect(server.connectionCount == 1)
  }

  #if os(Linux)
  @Test func aForkedChildIsRefusedAndMayLetTheTransportGo() async {
    await #expect(processExitsWith: .success) {
      let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.text) }
      var transport: AsyncHTTPClientTransport? = makeTransport()
      _ = try await transport?.exchange(server.request())
      // Swift hides fork, because a child may do so little; refusing is part of that.
      typealias Fork = @convention(c) () -> pid_t
      let fork = unsafeBitCast(try #require(dlsym(nil, "fork")), to: Fork.self)
      let child = fork()
      if child == 0 {
        let failure = await transport?.failure(of: server.request())
        weak let released = transport
        transport = nil
        let isRefused = failure?.kind == .shutDown && failure?.mayHaveReachedServer == false
        _exit(isRefused && released == nil ? 0 : 1)
      }
      var status: CInt = 0
      while waitpid(child, &status, 0) < 0, errno == EINTR {}
      try #require(status == 0)
    }
  }
  #endif

  @Test func secretsAreNotShown() async throws {
    let proxy = TransportProxy.url("http://user:canary@127.0.0.1:9")
    let transport = AsyncHTTPClientTransport(
      .init(proxy: proxy), environment: ["https_proxy": "http://a:canary@127.0.0.1:9"])
    let head = HTTPRequest(
      method: .post, scheme: "http", authority: "127.0.0.1:9", path: "/canary?key=canary",
      headerFields: [.authorization: "Bearer canary"])
    let failure = await transport.failure(
      of: TransportRequest(head: head, body: .bytes(Array("canary".utf8)), operation: "test"))
    #expect(failure?.kind == .notSent)
    var text =
      "\(transport) \(AsyncHTTPClientTransport.Configuration(proxy: proxy)) \(proxy) \(String(reflecting: proxy)) \(failure.debugDescription)"
    dump(transport, to: &text)
    dump(failure, to: &text)
    #expect(!text.contains("canary"))
    #expect("\(proxy)" == "http://<redacted>@127.0.0.1:9")
  }
}
#endif
