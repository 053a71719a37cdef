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
