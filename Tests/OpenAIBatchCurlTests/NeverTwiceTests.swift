// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import LoopbackServer
import OpenAIBatchCurl
import OpenAIBatchTransport
import Testing

/// libcurl repeats a request on a dead kept connection by itself. This transport must not.
struct NeverTwiceTests {
  enum Ending: CaseIterable, Sendable { case close, reset }
  enum Body: CaseIterable, Sendable {
    case bytes, known, unknown

    var value: RequestBody {
      switch self {
      case .bytes: .bytes([UInt8](repeating: 0x61, count: 1_000))
      case .known: .producer(length: 1_000, isReplayable: true) { pieces(10, of: 100) }
      case .unknown: .producer(length: nil, isReplayable: true) { pieces(10, of: 100) }
      }
    }
  }

  /// Answers the first request on each connection, reads the second whole, and breaks off.
  private func server(_ ending: Ending) throws -> LoopbackServer {
    try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      guard connection.readRequest() != nil else { return }
      if ending == .reset { connection.reset() }
    }
  }

  @Test(arguments: Ending.allCases, Body.allCases)
  func aPostThatTheServerReadIsSentOnce(ending: Ending, body: Body) async throws {
    let server = try server(ending)
    defer { server.stop() }
    let transport = makeTransport()
    for _ in 0..<10 {
      let before = server.requests.filter { $0.method == "POST" }.count
      // The first request on a new connection is answered, the second is read and then lost.
      while server.requests.count % 2 == 0 { _ = try await transport.receive(server.request()) }
      let failure = await transport.failure(of: server.request(.post, body: body.value))
      #expect(failure?.kind == .interrupted)
      #expect(failure?.mayHaveReachedServer == true)
      let posts = server.requests.filter { $0.method == "POST" }
      #expect(posts.count == before + 1)
      #expect(posts.last?.body.count == 1_000)
    }
  }

  @Test(arguments: [HTTPRequest.Method.post, .delete])
  func aRequestWithoutABodyGoesOnAFreshConnection(method: HTTPRequest.Method) async throws {
    let server = try server(.close)
    defer { server.stop() }
    let transport = makeTransport()
    for count in 1...10 {
      _ = try await transport.receive(server.request())
      _ = try await transport.receive(server.request(method))
      #expect(server.requests.filter { $0.method == method.rawValue }.count == count)
    }
  }

  @Test(arguments: [HTTPRequest.Method.post, .delete])
  func aRequestWithoutABodyIsSentOnceWhenItsAnswerIsLost(method: HTTPRequest.Method) async throws {
    let server = try LoopbackServer { connection in
      guard let first = connection.readRequest(), first.method == "GET" else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      _ = connection.readRequest()
    }
    defer { server.stop() }
    let transport = makeTransport()
    _ = try await transport.receive(server.request())
    let failure = await transport.failure(of: server.request(method))
    #expect(failure?.kind == .interrupted)
    #expect(server.requests.filter { $0.method == method.rawValue }.count == 1)
  }

  @Test func aPostWhoseConnectionBreaksAtItsHeadIsWholeOrInterrupted() async throws {
    let server = try LoopbackServer { connection in
      guard let first = connection.readRequest() else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(first.body.count)\r\n\r\n\(first.text)")
      guard connection.readHead() != nil else { return }
      connection.reset()
    }
    defer { server.stop() }
    let transport = makeTransport()
    let text = String(repeating: "0123456789", count: 20_000)
    for _ in 0..<20 {
      _ = try await transport.receive(server.request())
      do throws(TransportFailure) {
        let body = RequestBody.bytes(Array(text.utf8))
        #expect(try await transport.receive(server.request(.post, body: body)).text == text)
      } catch {
        #expect(error.kind == .interrupted)
      }
    }
    #expect(server.requests.filter { $0.method == "POST" }.allSatisfy { $0.text == text })
  }

  @Test func aGetMayBeRepeated() async throws {
    let server = try server(.close)
    defer { server.stop() }
    let transport = makeTransport()
    for _ in 0..<4 { #expect(try await transport.receive(server.request()).text == "ok") }
  }

  @Test func aConnectionThatTheServerClosedWhileIdleIsReplaced() async throws {
    let closed = Event()
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      connection.close()
      closed.signal()
    }
    defer { server.stop() }
    let transport = makeTransport()
    _ = try await transport.receive(server.request())
    await closed.wait()
    _ = try await transport.receive(server.request(.post, body: .bytes([1, 2])))
    #expect(server.requests.filter { $0.method == "POST" }.count == 1)
  }
}
