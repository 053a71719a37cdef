// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport
import Synchronization
import Testing

/// A connection serves the next call only when nothing of the one before can get into it.
@Suite(.serialized)
struct ConnectionReuseTests {
  /// What comes late on a connection at rest.
  enum Late: String, CaseIterable {
    case response = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"
    case body = "{}"
    case end = ""
  }

  static let methods: [(HTTPRequest.Method, RequestBody)] = [
    (.get, .empty), (.post, .bytes([0x61])), (.delete, .empty),
  ]

  @Test(arguments: Late.allCases, [0, 1, 2])
  func whatComesLateIsNoAnswer(late: Late, method: Int) async throws {
    let first = Mutex<LoopbackConnection?>(nil)
    let server = try LoopbackServer { connection in
      while let request = connection.readRequest() {
        switch request.target {
        case "/first":
          first.withLock { $0 = connection }
          connection.send("HTTP/1.1 304 Not Modified\r\n\r\n")
        case "/late":
          let first = first.withLock(\.self)
          if late == .end { first?.close() } else { first?.send(late.rawValue) }
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        default:
          let answer = "\(request.method) \(request.target)"
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(answer.utf8.count)\r\n\r\n\(answer)")
        }
      }
    }
    defer { server.stop() }
    let (transport, other) = (makeTransport(), makeTransport())
    _ = try await transport.exchange(server.request(.get, "/first"))
    _ = try await other.exchange(server.request(.get, "/late"))
    let (method, body) = Self.methods[method]
    for index in 0..<2 {
      let answer = try await transport.text(of: server.request(method, "/\(index)", body: body))
      #expect(answer == "\(method) /\(index)")
    }
    #expect(server.requests.count == 4)
  }

  @Test(arguments: [
    ("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", 2),
    ("HTTP/1.1 204 No Content\r\n\r\n", 1),
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 2),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1),
  ])
  func aConnectionThatMayNotBeAtItsEndIsLeft(response: String, connections: Int) async throws {
    let server = try LoopbackServer { connection in
      while connection.readRequest() != nil { connection.send(response) }
    }
    defer { server.stop() }
    let transport = makeTransport()
    for _ in 0..<2 {
      #expect(try await transport.text(of: server.request()) == (response.contains("ok") ? "ok" : ""))
    }
    #expect(server.connectionCount == connections)
  }
}
