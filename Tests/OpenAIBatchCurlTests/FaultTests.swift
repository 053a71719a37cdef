// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import LoopbackServer
import OpenAIBatchCurl
import OpenAIBatchTransport
import Testing

/// What servers and networks do wrong, and the kind of failure that each becomes.
struct FaultTests {
  @Test func aRefusedConnectionIsNotSent() async throws {
    let server = try LoopbackServer { _ in }
    let request = server.request(.post, body: .bytes([1]), headers: [.authorization: "Bearer sk-canary"])
    server.stop()
    // The listener is gone when its accepting thread is; until then a connection is closed at once.
    var failure = await makeTransport().failure(of: request)
    for _ in 0..<100 where failure?.kind != .notSent { failure = await makeTransport().failure(of: request) }
    #expect(failure?.kind == .notSent)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(failure?.message.contains("127.0.0.1:\(server.port)") == true)
    #expect(failure.map { "\($0)".contains("canary") } == false)
  }

  @Test func anUnknownHostIsNotSent() async throws {
    let head = HTTPRequest(method: .get, scheme: "http", authority: "no-such-host.invalid", path: "/")
    let failure = await makeTransport().failure(of: TransportRequest(head: head, operation: "test"))
    #expect(failure?.kind == .notSent)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(failure?.message.contains("no-such-host.invalid") == true)
  }

  @Test(arguments: [
    (TransportFailure.Kind.truncated, "HTTP/1.1 200 OK\r\nContent-Type: text/pl"),
    (.truncated, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"),
    (.truncated, "HTTP/1.1 100 Continue\r\n\r\n"),
    (.truncated, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n123456789"),
    (.truncated, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
    (.truncated, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    (.malformed, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"),
    (.malformed, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
    (.malformed, "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nabcdef"),
    (.malformed, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcde"),
    (.malformed, "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nabcde"),
    (.malformed, "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"),
    (.malformed, "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n"),
    (.malformed, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    (.malformed, "HTTP/1.1 999999 Odd\r\n\r\n"),
    (.malformed, "SSH-2.0-OpenSSH_9.2\r\n"),
    (.malformed, "\0\u{1}\u{2}garbage\r\n\r\n"),
    (.interrupted, ""),
  ])
  func aBrokenResponse(kind: TransportFailure.Kind, bytes: String) async throws {
    let server = try LoopbackServer.sending(bytes)
    defer { server.stop() }
    let transport = makeTransport()
    let failure = await transport.failure(of: server.request(.post, body: .bytes([1])))
    #expect(failure?.kind == kind)
    #expect(failure?.mayHaveReachedServer == true)
    #expect(server.requests.count == 1)
  }

  @Test func aBodyThatEndsEarlyIsDeliveredAndThenFails() async throws {
    let server = try LoopbackServer.sending("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n123456789")
    defer { server.stop() }
    let transport = makeTransport()
    var body = try await transport.send(server.request()).takeBody()
    var bytes: [UInt8] = []
    let failure = await #expect(throws: TransportFailure.self) {
      while let chunk = try await body.next() { bytes += chunk }
    }
    #expect(failure?.kind == .truncated)
    #expect(bytes == Array("123456789".utf8))
    let again = await #expect(throws: TransportFailure.self) { try await body.next() }
    #expect(again?.kind == .truncated)
  }

  @Test(arguments: [
    (TransportFailure.Kind.interrupted, ""),
    (.truncated, "HTTP/1.1 200 OK\r\nContent-Type: te"),
  ])
  func aReset(kind: TransportFailure.Kind, bytes: String) async throws {
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send(bytes)
      if !bytes.isEmpty { Thread.sleep(forTimeInterval: 0.05) }
      connection.reset()
    }
    defer { server.stop() }
    let failure = await makeTransport().failure(of: server.request(.post, body: .bytes([1])))
    #expect(failure?.kind == kind)
    #expect(failure?.mayHaveReachedServer == true)
  }

  @Test func aResetInsideTheBodyIsTruncated() async throws {
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
      Thread.sleep(forTimeInterval: 0.05)
      connection.reset()
    }
    defer { server.stop() }
    #expect(await makeTransport().failure(of: server.request())?.kind == .truncated)
  }

  enum HugeHead: CaseIterable {
    case oneLine, manyLines, manyBlocks

    var bytes: String {
      switch self {
      case .oneLine: "HTTP/1.1 200 OK\r\nX-Long: " + String(repeating: "a", count: 400_000) + "\r\n\r\n"
      case .manyLines: "HTTP/1.1 200 OK\r\n" + String(repeating: "X-A: 1\r\n", count: 100_000)
      case .manyBlocks: String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 50_000)
      }
    }
  }

  @Test(arguments: HugeHead.allCases)
  func aHugeHeaderBlockIsTooLarge(head: HugeHead) async throws {
    let server = try LoopbackServer.sending(head.bytes)
    defer { server.stop() }
    #expect(await makeTransport().failure(of: server.request())?.kind == .tooLarge)
  }

  @Test func theConnectionAfterABrokenResponseIsANewOne() async throws {
    let server = try LoopbackServer { connection in
      guard let request = connection.readRequest() else { return }
      if request.target == "/broken" {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
        connection.waitForPeerToClose()
      } else {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
    }
    defer { server.stop() }
    let transport = makeTransport()
    #expect(await transport.failure(of: server.request(.get, "/broken"))?.kind == .malformed)
    #expect(try await transport.receive(server.request(.get, "/fine")).text == "ok")
    #expect(server.connectionCount == 2)
  }

  @Test func collectingTooMuchIsTooLarge() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "12345") }
    defer { server.stop() }
    let transport = makeTransport()
    let failure = await #expect(throws: TransportFailure.self) {
      try await transport.receive(server.request(), limit: 4)
    }
    #expect(failure?.kind == .tooLarge)
  }
}
