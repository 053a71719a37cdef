// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import OpenAIBatchAsyncHTTPClient
import OpenAIBatchConformance
import OpenAIBatchTransport
import Testing

/// What this transport does beyond the promises of all transports, and what its parser makes of odd responses.
@Suite(.serialized)
struct ExchangeTests {
  /// A server that says `response` to each connection's first request, and closes.
  private func sending(_ response: String) throws -> LoopbackServer {
    try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send(response)
    }
  }

  @Test func targetsGoOutAsTheyAre() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let targets = ["/v1/..%2Fa/../b/./c//d", "//a", "/a?", "/a?b=c?d&e=%C3%BC", "/a;b=1,2:@!$'()*+~", "/%7B"]
    for target in targets { _ = try await makeTransport().exchange(server.request(.get, target)) }
    #expect(server.requests.map(\.target) == targets)
  }

  @Test func fieldsGoOutInOrderWithDuplicatesAndEmptyValues() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    var fields = HTTPFields()
    for (key, value) in [("X-A", "1"), ("X-Empty", ""), ("X-A", "2"), ("X-Text", "ü;")] {
      fields.append(HTTPField(name: try fieldName(key), value: value))
    }
    _ = try await makeTransport().exchange(server.request(fields: fields))
    let seen = try #require(server.requests.first).headers
    #expect(seen.map(\.name) == ["Host", "X-A", "X-Empty", "X-A", "X-Text"])
    #expect(seen.dropFirst().map(\.value) == ["1", "", "2", "ü;"])
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
  ])
  func whatIsNotOnePlainResponseIsMalformed(response: String) async throws {
    let server = try sending(response)
    defer { server.stop() }
    let failure = await makeTransport().failure(of: server.request())
    #expect(failure?.kind == .malformed)
    #expect(failure?.mayHaveReachedServer == true)
  }

  @Test func bytesThatAreNotUTF8AreReplaced() async throws {
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send(
        Array("HTTP/1.1 200 OK\r\nX-Text:caf".utf8) + [0xE9] + Array("\r\nContent-Length: 0\r\n\r\n".utf8))
    }
    defer { server.stop() }
    let fields = try await makeTransport().exchange(server.request()).head.headerFields
    #expect(fields[try fieldName("x-text")] == "caf\u{FFFD}")
  }

  @Test func aBodyOfNoLengthMustHaveNoBytes() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.body) }
    defer { server.stop() }
    for (piece, kind) in [([UInt8](), TransportFailure.Kind?.none), ([1], .body)] {
      let body = RequestBody.producer(length: 0, isReplayable: true) {
        PieceReader(piece.count, of: piece)
      }
      let failure = await makeTransport().failure(of: server.request(.post, body: body))
      #expect(failure?.kind == kind)
    }
    #expect(server.requests.count == 1)
  }

  @Test func aBodySourceThatIsBeingOpenedIsCancelled() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let asked = Event()
    let released = Event()
    let body = RequestBody.producer(length: nil, isReplayable: false) {
      asked.signal()
      try await withTaskCancellationHandler {
        try await Task.sleep(for: .seconds(60))
      } onCancel: {
        released.signal()
      }
      return PieceReader { nil }
    }
    let transport = makeTransport()
    let task = Task { await transport.failure(of: server.request(.post, body: body)) }
    await asked.wait()
    task.cancel()
    let failure = await task.value
    #expect(failure?.kind == .cancelled)
    #expect(failure?.mayHaveReachedServer == false)
    await released.wait()
    #expect(server.connectionCount == 0)
  }

  /// Without a look at the connection first, one in twenty failed as `interrupted`.
  @Test func aConnectionThatTheServerClosedIsReplacedEachTime() async throws {
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    defer { server.stop() }
    let transport = makeTransport()
    for _ in 0..<300 {
      #expect(try await transport.text(of: server.request(.post, body: .bytes([1, 2]))) == "ok")
      try await waitUntil { server.openConnectionCount == 0 }
    }
    #expect(server.requests.count == 300)
  }

  @Test func callsToOneHostDoNotDisturbThoseToAnother() async throws {
    let servers = try (0..<3).map { index in
      try LoopbackServer.answering { _ in LoopbackAnswer(body: "\(index)") }
    }
    defer { for server in servers { server.stop() } }
    let transport = makeTransport(maxConnections: 2)
    try await withThrowingTaskGroup { group in
      for index in 0..<60 {
        group.addTask { try await transport.text(of: servers[index % 3].request()) == "\(index % 3)" }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }
}
#endif
