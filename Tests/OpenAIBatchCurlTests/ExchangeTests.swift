// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport
import Testing

/// What this transport does beyond the promises of all transports.
@Suite(.serialized)
struct ExchangeTests {
  @Test func aGetMayHaveABody() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.body) }
    defer { server.stop() }
    #expect(try await makeTransport().text(of: server.request(.get, body: .bytes([0x61]))) == "a")
    #expect(server.requests.first?.method == "GET")
  }

  @Test func fieldsGoOutInOrderWithDuplicatesAndEmptyValues() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    var fields = HTTPFields()
    for (key, value) in [("X-A", "1"), ("X-Empty", ""), ("X-A", "2"), ("X-Text", "ü;")] {
      fields.append(HTTPField(name: try name(key), value: value))
    }
    _ = try await makeTransport().exchange(server.request(fields: fields))
    let seen = try #require(server.requests.first).headers.filter { $0.name.hasPrefix("X-") }
    #expect(seen.map(\.name) == ["X-A", "X-Empty", "X-A", "X-Text"])
    #expect(seen.map(\.value) == ["1", "", "2", "ü;"])
  }

  @Test func foldedFieldsAreJoined() async throws {
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nX-Folded: one\r\n  two\r\nX-UTF: ü\r\nContent-Length: 0\r\n\r\n")
    }
    defer { server.stop() }
    let fields = try await makeTransport().exchange(server.request()).head.headerFields
    #expect(fields[try name("x-folded")] == "one two")
    #expect(fields[try name("x-utf")] == "ü")
  }

  @Test func compressedBodiesAreLeftAsTheyAre() async throws {
    let server = try LoopbackServer.answering { _ in
      LoopbackAnswer(headers: [("Content-Encoding", "gzip")], body: "not gzip")
    }
    defer { server.stop() }
    #expect(try await makeTransport().text(of: server.request()) == "not gzip")
  }

  @Test(arguments: [
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
  ])
  func whatNobodyAskedForIsMalformed(response: String) async throws {
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send(response)
    }
    defer { server.stop() }
    #expect(await makeTransport().failure(of: server.request())?.kind == .malformed)
  }

  /// libcurl's handles serve one GET after another without a reset: nothing of one call may show in the next.
  @Test func noCallSeesAnythingOfTheOneBefore() async throws {
    let server = try LoopbackServer { connection in
      while let request = connection.readRequest() {
        let seen = [
          request.method, request.target, request.header("authorization") ?? "-",
          request.header("x-a") ?? "-",
          request.text,
        ].joined(separator: " ")
        let status = request.target == "/404" ? "404 Not Found" : "200 OK"
        let length = seen.utf8.count + (request.target == "/cut" ? 1 : 0)
        connection.send(
          "HTTP/1.1 \(status)\r\nContent-Length: \(length)\r\n\r\n\(request.method == "HEAD" ? "" : seen)")
        if request.target == "/cut" { return }
      }
    }
    defer { server.stop() }
    let transport = makeTransport(maxConnections: 1)
    func answer(
      _ method: HTTPRequest.Method, _ path: String, body: RequestBody = .empty, _ fields: HTTPFields = [:]
    ) async throws -> String {
      try await transport.text(of: server.request(method, path, body: body, fields: fields))
    }
    let secret: HTTPFields = [.authorization: "Bearer one"]
    let other: HTTPFields = [.authorization: "Bearer two", try name("x-a"): "b"]
    for _ in 0..<2 {
      #expect(try await answer(.get, "/a", secret) == "GET /a Bearer one - ")
      #expect(try await answer(.get, "/b", other) == "GET /b Bearer two b ")
      #expect(try await answer(.get, "/c") == "GET /c - - ")
      #expect(try await answer(.post, "/d", body: .bytes([0x78]), secret) == "POST /d Bearer one - x")
      #expect(try await answer(.get, "/404") == "GET /404 - - ")
      #expect(try await answer(.head, "/e") == "")
      #expect(try await answer(.delete, "/f") == "DELETE /f - - ")
      let cut = server.request(.get, "/cut", fields: secret)
      #expect(await transport.failure(of: cut)?.kind == .truncated)
      #expect(try await answer(.get, "/g") == "GET /g - - ")
    }
  }

  /// libcurl sends such a GET anew on another connection, but for one handle only five times in its life.
  @Test func aGetFindsADeadConnectionHoweverOften() async throws {
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      _ = connection.readRequest()
    }
    defer { server.stop() }
    let transport = makeTransport()
    for _ in 0..<20 { #expect(try await transport.text(of: server.request()) == "ok") }
    #expect(server.connectionCount == 20)
  }

  /// From 7.84 to 8.0 libcurl would join the line to one of the response before, which is freed.
  @Test func aResponseThatBeginsWithAFoldedLineIsMalformed() async throws {
    let server = try LoopbackServer { connection in
      while let request = connection.readRequest() {
        let folded = request.target == "/folded" ? " folded: x\r\n" : ""
        connection.send("HTTP/1.1 200 OK\r\n\(folded)Content-Length: 2\r\n\r\nok")
      }
    }
    defer { server.stop() }
    let transport = makeTransport()
    for _ in 0..<3 {
      #expect(try await transport.text(of: server.request()) == "ok")
      #expect(await transport.failure(of: server.request(.get, "/folded")) != nil)
    }
  }

  /// A call's own timeout, not that of the call whose handle it got.
  @Test func everyCallHasItsOwnTimeouts() async throws {
    let mayEnd = Event()
    let server = try LoopbackServer { connection in
      while let request = connection.readRequest() {
        if request.target == "/slow" { mayEnd.block() }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
    }
    defer { server.stop() }
    let transport = makeTransport()
    let patient = Timeouts(connect: .seconds(20), idle: .seconds(20), total: .seconds(20))
    let hasty = Timeouts(connect: .seconds(20), idle: .seconds(20), total: .milliseconds(50))
    #expect(try await transport.text(of: server.request(timeouts: patient)) == "ok")
    let slow = server.request(.get, "/slow", timeouts: hasty)
    #expect(await transport.failure(of: slow)?.kind == .timedOut)
    mayEnd.signal()
    #expect(try await transport.text(of: server.request(timeouts: patient)) == "ok")
  }

  @Test func connectionsAreReusedForRequestsWithABody() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.body) }
    defer { server.stop() }
    let transport = makeTransport()
    for index in 0..<10 {
      let text = "call \(index)"
      #expect(try await transport.text(of: server.request(.post, body: .bytes(Array(text.utf8)))) == text)
    }
    #expect(server.connectionCount == 1)
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
    #expect(try await transport.text(of: server.request(.get, "/fine")) == "ok")
    #expect(server.connectionCount == 2)
  }

  @Test func aSecondReaderFailsAndTheFirstGoesOn() async throws {
    let asked = Event()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
      asked.block()
      connection.send("abc")
    }
    defer { server.stop() }
    let transport = makeTransport()
    let reader = try await transport.send(server.request()).takeBody().makeReader()
    let results = await withTaskGroup(of: Result<Int?, TransportFailure>.self) { group in
      for _ in 0..<2 {
        group.addTask {
          do throws(TransportFailure) {
            return .success(try await reader.next()?.count)
          } catch {
            asked.signal()
            return .failure(error)
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let failures = results.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
    #expect(failures.map(\.kind) == [.invalid])
    #expect(results.contains { if case .success(3) = $0 { true } else { false } })
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

  @Test(arguments: [Duration.zero, .seconds(-1)])
  func noTimeAtAllIsNotSent(total: Duration) async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let failure = await makeTransport().failure(of: server.request(timeouts: Timeouts(total: total)))
    #expect(failure?.kind == .notSent)
    #expect(server.requests.isEmpty)
  }

  private func name(_ text: String) throws -> HTTPField.Name { try #require(HTTPField.Name(text)) }
}
