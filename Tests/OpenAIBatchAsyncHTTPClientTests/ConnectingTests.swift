// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import AsyncHTTPClient
import NIOCore
import OpenAIBatchConformance
import OpenAIBatchTransport
import Synchronization
import Testing

@testable import OpenAIBatchAsyncHTTPClient

/// Connections that do not come about, and through whom.
@Suite(.serialized)
struct ConnectingTests {
  /// With room for one connection, the second call waits for the first one's attempt, unless that has ended.
  @Test(arguments: [(Duration.seconds(1), Duration.seconds(1)), (.milliseconds(100), .seconds(20))])
  func anAttemptEndsWithItsCall(first: Duration, second: Duration) async throws {
    let isFirst = Mutex(true)
    let proxy = try LoopbackServer { connection in
      guard connection.readHead() != nil else { return }
      guard !isFirst.withLock({ (isFirst: inout Bool) in exchange(&isFirst, with: false) }) else {
        return connection.waitForPeerToClose()
      }
      connection.send("HTTP/1.1 200 OK\r\n\r\n")
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    defer { proxy.stop() }
    let transport = AsyncHTTPClientTransport(
      .init(maxConnections: 1, proxy: .url("http://127.0.0.1:\(proxy.port)")), environment: [:])
    let failure = await transport.failure(of: proxy.request(timeouts: Timeouts(connect: first)))
    #expect(failure?.kind == .notSent)
    #expect(try await transport.text(of: proxy.request(timeouts: Timeouts(connect: second))) == "ok")
  }

  @Test func fewClientsAreKept() throws {
    struct Weak { weak var client: ClientReference? }
    let clients = OwnClients(
      .init(proxy: .none), environment: [:], loop: HTTPClient.defaultEventLoopGroup.next())
    let request = try PreparedRequest(
      TransportRequest(
        head: HTTPRequest(method: .get, scheme: "http", authority: "h", path: "/"), operation: "test"))
    let inUse = try clients.client(for: request, connectTimeout: .seconds(1))
    var seen: [Weak] = []
    for seconds in 1...20 {
      seen.append(Weak(client: try clients.client(for: request, connectTimeout: .seconds(seconds))))
    }
    #expect(seen.first?.client === inUse)
    #expect(seen.count { $0.client != nil } == OwnClients.keptLimit + 1)
    let again = try clients.client(for: request, connectTimeout: .seconds(13))
    #expect(again === seen[12].client)
    clients.close()
    #expect(seen.count { $0.client != nil } == 2)
    #expect(throws: TransportFailure.self) { try clients.client(for: request, connectTimeout: .seconds(1)) }
  }

  @Test func aSOCKSProxyThatRefusesIsProxy() async throws {
    let proxy = try LoopbackServer { connection in
      guard connection.read(count: 3) != nil else { return }
      connection.send([5, 0])
      guard connection.read(count: 10) != nil else { return }
      // Not allowed by the rules.
      connection.send([5, 2, 0, 1, 0, 0, 0, 0, 0, 0])
      connection.waitForPeerToClose()
    }
    defer { proxy.stop() }
    let transport = AsyncHTTPClientTransport(
      .init(proxy: .url("socks5://127.0.0.1:\(proxy.port)")), environment: [:])
    let failure = await transport.failure(of: proxy.request())
    #expect(failure?.kind == .proxy)
    #expect(failure?.mayHaveReachedServer == false)
  }
}
#endif
