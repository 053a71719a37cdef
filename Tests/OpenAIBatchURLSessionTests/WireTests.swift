// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import LoopbackServer
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Testing

extension NetworkTests {
  /// What goes over the wire, both ways.
  @Suite struct WireTests {
    @Test func getCarriesTheHeadersAndNothingElse() async throws {
      let server = try LoopbackServer.answering { _ in
        .json(#"{"ok":true}"#, headers: [("X-Request-Id", "req_1")])
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      let (head, body) = try await transport.exchange(
        TransportRequest(
          .get, "/v1/batches?limit=20&after=a%2Fb", on: server, fields: [.authorization: "Bearer sk-1"]))
      #expect(head.status.code == 200)
      #expect(head.headerFields[HTTPField.Name("x-request-id")!] == "req_1")
      #expect(head.headerFields[.contentType] == "application/json")
      #expect(String(decoding: body, as: UTF8.self) == #"{"ok":true}"#)
      let request = try #require(server.requests.first)
      #expect(request.method == "GET")
      #expect(request.target == "/v1/batches?limit=20&after=a%2Fb")
      #expect(request.header("authorization") == "Bearer sk-1")
      #expect(request.header("accept-encoding") == "identity")
      #expect(request.header("user-agent") == "swift-openai-batch")
      for name in [
        "content-type", "content-length", "transfer-encoding", "accept-language", "expect", "cookie",
      ] {
        #expect(request.header(name) == nil)
      }
    }

    @Test(arguments: [HTTPRequest.Method.post, .delete])
    func withoutABodyNothingClaimsOne(_ method: HTTPRequest.Method) async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      _ = try await URLSessionTransport().exchange(
        TransportRequest(method, "/v1/batches/b/cancel", on: server))
      let request = try #require(server.requests.first)
      #expect(request.method == method.rawValue)
      #expect(request.header("content-length") == "0")
      #expect(request.header("content-type") == nil)
      #expect(request.header("transfer-encoding") == nil)
      #expect(request.header("expect") == nil)
    }

    enum Body: CaseIterable {
      case bytes, longBytes, file, emptyFile, knownProducer, unknownProducer, longProducer
    }

    @Test(arguments: Body.allCases)
    func postSendsTheBody(_ kind: Body) async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      let folder = try Folder()
      let expected: [UInt8]
      let body: RequestBody
      switch kind {
      case .bytes:
        expected = Pattern.bytes(1000)
        body = .bytes(expected)
      case .longBytes:
        expected = Pattern.bytes(3 << 20)
        body = .bytes(expected)
      case .file:
        expected = Pattern.bytes(300_000)
        body = .file(try folder.file(expected))
      case .emptyFile:
        expected = []
        body = .file(try folder.file([]))
      case .knownProducer:
        expected = Pattern.bytes(500) + Pattern.bytes(500)
        body = .producer(length: 1000, isReplayable: true) { Pieces(2, of: Pattern.bytes(500)) }
      case .unknownProducer:
        expected = Pattern.bytes(500) + Pattern.bytes(500)
        body = .producer(length: nil, isReplayable: false) { Pieces(2, of: Pattern.bytes(500)) }
      case .longProducer:
        let piece = Pattern.bytes(100_000)
        expected = (0..<30).flatMap { _ in piece }
        body = .producer(length: nil, isReplayable: false) { Pieces(30, of: piece) }
      }
      let transport = URLSessionTransport(.init(temporaryDirectory: folder.path))
      let (head, _) = try await transport.exchange(
        TransportRequest(.post, on: server, fields: [.contentType: "application/json"], body: body))
      #expect(head.status.code == 200)
      let request = try #require(server.requests.first)
      #expect(request.body == expected)
      #expect(request.header("content-length") == "\(expected.count)")
      #expect(request.header("transfer-encoding") == nil)
      #expect(request.header("content-type") == "application/json")
      #expect(request.header("expect") == nil)
      #expect(try folder.names.filter { $0.hasPrefix("openai-batch-") }.isEmpty)
    }

    @Test func aSymbolicLinkStandsForItsFile() async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      let folder = try Folder()
      let bytes = Pattern.bytes(100_000)
      let link = folder.path + "/link"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: try folder.file(bytes))
      _ = try await URLSessionTransport().exchange(TransportRequest(.post, on: server, body: .file(link)))
      #expect(server.requests.first?.body == bytes)
    }

    @Test func statusesWithoutABodyEndAtTheHead() async throws {
      let server = try LoopbackServer { connection in
        while let request = connection.readRequest() {
          let status = request.target == "/304" ? "304 Not Modified" : "204 No Content"
          connection.send("HTTP/1.1 \(status)\r\nX-A: b\r\n\r\n")
        }
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      for path in ["/204", "/304", "/204"] {
        let (head, body) = try await transport.exchange(TransportRequest(.get, path, on: server))
        #expect(head.status.code == Int(path.dropFirst()))
        #expect(body.isEmpty)
      }
      #expect(server.connectionCount == 1)
    }

    @Test func headHasALengthAndNoBody() async throws {
      let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "12345") }
      defer { server.stop() }
      let (head, body) = try await URLSessionTransport().exchange(TransportRequest(.head, on: server))
      #expect(head.headerFields[.contentLength] == "5")
      #expect(body.isEmpty)
    }

    @Test(arguments: [400, 401, 404, 429, 500, 503])
    func failureStatusesAreResponses(_ status: Int) async throws {
      let server = try LoopbackServer.answering { _ in
        .json(#"{"error":1}"#, status: status, headers: [("WWW-Authenticate", #"Basic realm="a""#)])
      }
      defer { server.stop() }
      let transport = URLSessionTransport(.init(maxConnections: 1))
      for _ in 0..<2 {
        let (head, body) = try await transport.exchange(
          TransportRequest(.post, on: server, body: .bytes([1])))
        #expect(head.status.code == status)
        #expect(String(decoding: body, as: UTF8.self) == #"{"error":1}"#)
      }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func redirectsAreReturnedAndNotFollowed(_ status: Int) async throws {
      let other = try LoopbackServer.answering { _ in .json("{}") }
      defer { other.stop() }
      let server = try LoopbackServer.answering { _ in
        LoopbackAnswer(
          status, headers: [("Location", "http://127.0.0.1:\(other.port)/elsewhere")], body: "see there")
      }
      defer { server.stop() }
      for method in [HTTPRequest.Method.get, .post] {
        let (head, body) = try await URLSessionTransport().exchange(
          TransportRequest(
            method, on: server, fields: [.authorization: "Bearer sk-1"],
            body: method == .post ? .bytes([1, 2, 3]) : .empty))
        #expect(head.status.code == status)
        #expect(head.headerFields[.location] == "http://127.0.0.1:\(other.port)/elsewhere")
        #expect(String(decoding: body, as: UTF8.self) == "see there")
      }
      #expect(other.connectionCount == 0)
      #expect(server.requests.count == 2)
    }

    @Test(arguments: [300, 302, 304])
    func aRedirectWithoutALocationIsAResponse(_ status: Int) async throws {
      let server = try LoopbackServer.answering { _ in LoopbackAnswer(status) }
      defer { server.stop() }
      let (head, _) = try await URLSessionTransport().exchange(TransportRequest(.get, on: server))
      #expect(head.status.code == status)
    }

    @Test func repeatedFieldsAreJoined() async throws {
      let server = try LoopbackServer.answering { _ in
        LoopbackAnswer(headers: [("X-A", "1"), ("X-A", "2"), ("Set-Cookie", "a=1")])
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      var fields = HTTPFields()
      let name = try #require(HTTPField.Name("X-Many"))
      fields.append(HTTPField(name: name, value: "one"))
      fields.append(HTTPField(name: name, value: "two"))
      let (head, _) = try await transport.exchange(TransportRequest(.get, on: server, fields: fields))
      #expect(head.headerFields[HTTPField.Name("X-A")!] == "1, 2")
      #expect(server.requests.first?.header("x-many") == "one, two")
      _ = try await transport.exchange(TransportRequest(.get, on: server))
      #expect(server.requests.last?.header("cookie") == nil)
    }

    @Test func interimResponsesAreSkipped() async throws {
      let server = try LoopbackServer { connection in
        while connection.readRequest() != nil {
          for _ in 0..<3 { connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") }
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Final: yes\r\n\r\nok")
        }
      }
      defer { server.stop() }
      let (head, body) = try await URLSessionTransport().exchange(TransportRequest(.get, on: server))
      #expect(head.status.code == 200)
      #expect(head.headerFields[HTTPField.Name("X-Final")!] == "yes")
      #expect(body == Array("ok".utf8))
    }

    @Test func aResponseInSmallPiecesIsWhole() async throws {
      let server = try LoopbackServer { connection in
        while connection.readRequest() != nil {
          connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
          for byte in Pattern.bytes(2000) { connection.send(Array("1\r\n".utf8) + [byte, 13, 10]) }
          connection.send("0\r\n\r\n")
        }
      }
      defer { server.stop() }
      let (_, body) = try await URLSessionTransport().exchange(TransportRequest(.get, on: server))
      #expect(body == Pattern.bytes(2000))
    }

    @Test func getsShareAConnectionAndPostsDoNot() async throws {
      let server = try LoopbackServer { connection in
        while let request = connection.readRequest() {
          let closes = request.header("connection")?.lowercased() == "close"
          connection.send(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\(closes ? "Connection: close\r\n" : "")\r\n")
          if closes { return }
        }
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      for _ in 0..<3 { _ = try await transport.exchange(TransportRequest(.get, on: server)) }
      #expect(server.connectionCount == 1)
      for _ in 0..<3 {
        _ = try await transport.exchange(TransportRequest(.post, on: server, body: .bytes([1])))
      }
      #expect(server.connectionCount == 4)
    }
  }
}

/// A folder of this test's own, gone with it.
final class Folder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "openai-batch-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func file(_ bytes: [UInt8]) throws -> String {
    let file = path + "/" + UUID().uuidString
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path) } }
}
