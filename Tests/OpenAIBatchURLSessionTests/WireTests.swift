// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
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
        server.request(.get, "/v1/batches?limit=20&after=a%2Fb", fields: [.authorization: "Bearer sk-1"]))
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
        server.request(method, "/v1/batches/b/cancel"))
      let request = try #require(server.requests.first)
      #expect(request.method == method.rawValue)
      #expect(request.header("content-length") == "0")
      #expect(request.header("content-type") == nil)
      #expect(request.header("transfer-encoding") == nil)
      #expect(request.header("expect") == nil)
    }

    @Test func aSymbolicLinkStandsForItsFile() async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      let folder = try Folder()
      let bytes = Array(Pattern.block[..<100_000])
      let link = folder.path + "/link"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: try folder.file(bytes))
      _ = try await URLSessionTransport().exchange(server.request(.post, body: .file(link)))
      #expect(server.requests.first?.body == bytes)
    }

    @Test(arguments: [300, 302, 304])
    func aRedirectWithoutALocationIsAResponse(_ status: Int) async throws {
      let server = try LoopbackServer.answering { _ in LoopbackAnswer(status) }
      defer { server.stop() }
      let (head, _) = try await URLSessionTransport().exchange(server.request(.get))
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
      let (head, _) = try await transport.exchange(server.request(.get, fields: fields))
      #expect(head.headerFields[HTTPField.Name("X-A")!] == "1, 2")
      #expect(server.requests.first?.header("x-many") == "one, two")
      _ = try await transport.exchange(server.request(.get))
      #expect(server.requests.last?.header("cookie") == nil)
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
      for _ in 0..<3 { _ = try await transport.exchange(server.request(.get)) }
      #expect(server.connectionCount == 1)
      for _ in 0..<3 {
        _ = try await transport.exchange(server.request(.post, body: .bytes([1])))
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
