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
    #expect(received.head.headerFields[try name("x-request-id")] == "req_1")
    #expect(received.text == #"{"a":1}"#)
    let seen = try #require(server.requests.first)
    #expect(seen.method == "GET")
    #expect(seen.target == "/v1/batches?limit=2")
    #expect(seen.header("authorization") == "Bearer sk-1")
    #expect(seen.header("host") == "127.0.0.1:\(server.port)")
    for absent in ["accept-encoding", "expect", "content-length", "content-type", "transfer-encoding"] {
      #expect(seen.header(absent) == nil)
    }
  }

  @Test(arguments: [HTTPRequest.Method.post, .put, .patch, .delete, .get])
  func aBodyInMemoryArrivesWhole(method: HTTPRequest.Method) async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.text) }
    defer { server.stop() }
    let text = String(repeating: "0123456789", count: 200_000)
    let received = try await makeTransport().receive(
      server.request(method, body: .bytes(Array(text.utf8)), headers: [.contentType: "text/plain"]),
      limit: 4 << 20)
    #expect(received.text == text)
    let seen = try #require(server.requests.first)
    #expect(seen.method == method.rawValue)
    #expect(seen.header("content-length") == "2000000")
    #expect(seen.header("content-type") == "text/plain")
    #expect(seen.header("expect") == nil)
  }

  @Test(arguments: [HTTPRequest.Method.post, .delete, .put])
  func noBodyIsNoBody(method: HTTPRequest.Method) async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "done") }
    defer { server.stop() }
    let received = try await makeTransport().receive(server.request(method))
    #expect(received.text == "done")
    let seen = try #require(server.requests.first)
    #expect(seen.method == method.rawValue)
    #expect(seen.body.isEmpty)
    #expect(seen.header("content-type") == nil)
    #expect(seen.header("content-length") == (method == .delete ? nil : "0"))
  }

  @Test func aFileIsStreamed() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: "\($0.body.count)") }
    defer { server.stop() }
    let path = NSTemporaryDirectory() + "curl-upload-\(UUID().uuidString)"
    try Data(repeating: 0x0A, count: 700_001).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let received = try await makeTransport().receive(server.request(.post, body: .file(path)))
    #expect(received.text == "700001")
    #expect(server.requests.first?.header("content-length") == "700001")
  }

  @Test(arguments: [Int64?.some(50_000), nil])
  func aProducerIsStreamed(length: Int64?) async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: "\($0.body.count)") }
    defer { server.stop() }
    let body = RequestBody.producer(length: length, isReplayable: false) { pieces(50, of: 1_000) }
    let received = try await makeTransport().receive(server.request(.post, body: body))
    #expect(received.text == "50000")
    let seen = try #require(server.requests.first)
    #expect(seen.header("content-length") == length.map(String.init))
    #expect(seen.header("transfer-encoding") == (length == nil ? "chunked" : nil))
  }

  @Test func anEmptyProducerOfUnknownLengthIsAnEmptyChunkedBody() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: "\($0.body.count)") }
    defer { server.stop() }
    let body = RequestBody.producer(length: nil, isReplayable: false) { pieces(0, of: 1) }
    #expect(try await makeTransport().receive(server.request(.post, body: body)).text == "0")
    #expect(server.requests.first?.header("transfer-encoding") == "chunked")
  }

  @Test(arguments: [
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  ])
  func responsesWithoutABody(bytes: String) async throws {
    let server = try LoopbackServer { connection in
      while connection.readRequest() != nil { connection.send(bytes) }
    }
    defer { server.stop() }
    let transport = makeTransport()
    for _ in 0..<2 {
      #expect(try await transport.receive(server.request()).body.isEmpty)
    }
    #expect(server.connectionCount == 1)
  }

  @Test func headHasNoBody() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "1234567") }
    defer { server.stop() }
    let transport = makeTransport()
    let received = try await transport.receive(server.request(.head))
    #expect(received.head.headerFields[.contentLength] == "7")
    #expect(received.body.isEmpty)
    #expect(try await transport.receive(server.request()).text == "1234567")
  }

  @Test func interimResponsesAreDropped() async throws {
    let interim = String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 3)
    let server = try LoopbackServer.sending(interim + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    defer { server.stop() }
    let received = try await makeTransport().receive(server.request())
    #expect(received.head.status == 200)
    #expect(received.head.headerFields.count == 1)
    #expect(received.text == "ok")
  }

  @Test func trailersStayOutOfTheHeaders() async throws {
    let server = try LoopbackServer.sending(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Checksum: 1\r\n\r\n")
    defer { server.stop() }
    let received = try await makeTransport().receive(server.request())
    #expect(received.text == "abc")
    #expect(received.head.headerFields[try name("X-Checksum")] == nil)
  }

  @Test func headersKeepDuplicatesCaseFoldsAndLatin1() async throws {
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Folded: one\r\n  two\r\n")
      connection.send(Array("X-Latin: caf".utf8) + [0xE9] + Array("\r\nX-UTF: ü\r\nX-Empty:\r\n".utf8))
      connection.send("Content-Length: 0\r\n\r\n")
    }
    defer { server.stop() }
    let fields = try await makeTransport().receive(server.request()).head.headerFields
    #expect(fields[values: .setCookie] == ["a=1", "b=2"])
    #expect(fields[try name("x-folded")] == "one two")
    #expect(fields[try name("x-latin")] == "café")
    #expect(fields[try name("x-utf")] == "ü")
    #expect(fields[try name("x-empty")] == "")
  }

  @Test(arguments: [200, 302, 307, 400, 401, 404, 429, 500, 503])
  func everyStatusIsAResponse(status: Int) async throws {
    let server = try LoopbackServer.answering { _ in
      LoopbackAnswer(status, headers: [("Location", "http://127.0.0.1:1/")], body: "b")
    }
    defer { server.stop() }
    let received = try await makeTransport().receive(server.request())
    #expect(received.head.status.code == status)
    #expect(received.text == "b")
  }

  @Test func compressedBodiesAreLeftAsTheyAre() async throws {
    let server = try LoopbackServer.answering { _ in
      LoopbackAnswer(headers: [("Content-Encoding", "gzip")], body: "not gzip")
    }
    defer { server.stop() }
    #expect(try await makeTransport().receive(server.request()).text == "not gzip")
  }

  @Test func theTargetGoesOutAsItIs() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let target = "/v1/files/..%2Fa/../b//c?x=%20&y={}"
    _ = try await makeTransport().receive(server.request(.get, target))
    #expect(server.requests.first?.target == target)
  }

  @Test func headersGoOutInOrderWithDuplicatesAndEmptyValues() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    var fields = HTTPFields()
    for (key, value) in [("X-A", "1"), ("X-Empty", ""), ("X-A", "2"), ("X-Text", "ü;")] {
      fields.append(HTTPField(name: try name(key), value: value))
    }
    _ = try await makeTransport().receive(server.request(headers: fields))
    let seen = try #require(server.requests.first).headers.filter { $0.name.hasPrefix("X-") }
    #expect(seen.map(\.name) == ["X-A", "X-Empty", "X-A", "X-Text"])
    #expect(seen.map(\.value) == ["1", "", "2", "ü;"])
  }

  @Test func connectionsAreReused() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.text) }
    defer { server.stop() }
    let transport = makeTransport()
    for index in 0..<10 {
      let text = "call \(index)"
      let received = try await transport.receive(server.request(.post, body: .bytes(Array(text.utf8))))
      #expect(received.text == text)
    }
    #expect(server.connectionCount == 1)
  }

  @Test func theHeadArrivesBeforeTheBody() async throws {
    let mayGoOn = DispatchSemaphore(value: 0)
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
      mayGoOn.wait()
      connection.send("late")
    }
    defer { server.stop() }
    let transport = makeTransport()
    let response = try await transport.send(server.request())
    #expect(response.head.status == 200)
    mayGoOn.signal()
    #expect(try await response.collect(upTo: 10) == Array("late".utf8))
  }

  @Test func theEndIsReportedAgain() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "text") }
    defer { server.stop() }
    let transport = makeTransport()
    var body = try await transport.send(server.request()).takeBody()
    var bytes: [UInt8] = []
    while let chunk = try await body.next() { bytes += chunk }
    #expect(bytes == Array("text".utf8))
    #expect(try await body.next() == nil)
  }

  private func name(_ text: String) throws -> HTTPField.Name { try #require(HTTPField.Name(text)) }
}
