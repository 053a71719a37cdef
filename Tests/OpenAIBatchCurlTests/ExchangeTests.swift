// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import LoopbackServer
import OpenAIBatchCurl
import OpenAIBatchTransport
import Testing

/// Requests and responses of every shape, against a server that behaves.
struct ExchangeTests {
  @Test func getAnswersWithHeadAndBody() async throws {
    let server = try LoopbackServer.answering { _ in .json(#"{"a":1}"#, headers: [("X-Request-ID", "req_1")])
    }
    defer { server.stop() }
    let received = try await makeTransport().receive(
      server.request(.get, "/v1/batches?limit=2", headers: [.authorization: "Bearer sk-1"]))
    #expect(received.head.status == 200)
    #expect(received.head.headerFields[.init("x-request-id")!] == "req_1")
    #expect(received.text == #"{"a":1}"#)
    let seen = try #require(server.requests.first)
    #expect(seen.method == "GET")
    #expect(seen.target == "/v1/batches?limit=2")
    #expect(seen.header("authorization") == "Bearer sk-1")
    #expect(seen.header("host") == "127.0.0.1:\(server.port)")
    #expect(seen.header("accept-encoding") == nil)
    #expect(seen.header("expect") == nil)
  }

  @Test func postSendsBytes() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(200, body: $0.text) }
    defer { server.stop() }
    let received = try await makeTransport().receive(
      server.request(.post, body: .bytes(Array("hello".utf8)), headers: [.contentType: "application/json"]))
    #expect(received.text == "hello")
    #expect(server.requests.first?.header("content-length") == "5")
    #expect(server.requests.first?.header("content-type") == "application/json")
    #expect(server.requests.first?.header("expect") == nil)
  }
}
