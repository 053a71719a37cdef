// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
internal import Foundation
internal import OpenAIBatchSimulator
internal import OpenAIBatchSimulatorServer
internal import Testing

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

struct SimulatorServerTests {
  private static let key = "Authorization: Bearer sk-test\r\n"

  private static func get(_ path: String, _ headers: String = key) -> String {
    "GET \(path) HTTP/1.1\r\nHost: x\r\n\(headers)\r\n"
  }

  private static func form(_ content: String) -> String {
    "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
      + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\r\n\r\n\(content)\r\n--b--\r\n"
  }

  private static func upload(_ headers: String) -> String {
    "POST /v1/files HTTP/1.1\r\nHost: x\r\n\(key)Content-Type: multipart/form-data; boundary=b\r\n\(headers)\r\n"
  }

  /// A server that lives as long as the test.
  private let simulator: BatchSimulator
  private let server: SimulatorServer

  init() async throws {
    simulator = BatchSimulator()
    server = try await simulator.serve()
  }

  @Test func `the base URL names the port`() {
    #expect(server.port > 0)
    #expect(server.baseURL == "http://127.0.0.1:\(server.port)/v1")
  }

  @Test func `one connection serves many requests, also sent at once`() async throws {
    let client = try RawClient(port: server.port)
    for path in ["/v1/batches", "/v1/nothing", "/v1/files"] {
      try await client.send(Self.get(path))
      let response = try await client.response()
      #expect(response.status == (path == "/v1/nothing" ? 404 : 200))
      #expect(response.headers["content-type"] == "application/json")
      #expect(response.headers["x-request-id"]?.hasPrefix("req_") == true)
    }
    try await client.send(Self.get("/v1/batches") + Self.get("/v1/nothing") + Self.get("/v1/files"))
    for status in [200, 404, 200] { #expect(try await client.response().status == status) }
  }

  @Test(arguments: ["HTTP/1.1\r\nConnection: close\r\n", "HTTP/1.0\r\n"])
  func `a connection closes when it is asked to`(version: String) async throws {
    let client = try RawClient(port: server.port)
    try await client.send("GET /v1/batches \(version)Host: x\r\n\(Self.key)\r\n")
    let response = try await client.response()
    #expect(response.status == 200)
    #expect(response.headers["connection"] == "close")
    #expect(try await client.rest().isEmpty)
  }

  @Test func `a body may come with its length or chunked`() async throws {
    let client = try RawClient(port: server.port)
    let body = Self.form("{}\n{}")
    try await client.send(Self.upload("Content-Length: \(body.utf8.count)\r\n") + body)
    let first = try await client.response()
    #expect(first.status == 200, "\(first.text)")
    #expect(first.text.contains("\"bytes\":5"))

    try await client.send(Self.upload("Transfer-Encoding: chunked\r\n"))
    for byte in body.utf8 { try await client.send("1\r\n\(Character(UnicodeScalar(byte)))\r\n") }
    try await client.send("0\r\n\r\n")
    let second = try await client.response()
    #expect(second.status == 200, "\(second.text)")
    #expect(second.text.contains("\"bytes\":5"))
  }

  @Test func `a client that waits to be told to continue is told`() async throws {
    let client = try RawClient(port: server.port)
    let body = Self.form("{}")
    try await client.send(Self.upload("Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n"))
    #expect(try await client.response().status == 100)
    try await client.send(body)
    #expect(try await client.response().status == 200)
    try await client.send(Self.get("/v1/files"))
    #expect(try await client.response().status == 200)
  }

  @Test func `a client that waits in vain is refused`() async throws {
    let client = try RawClient(port: server.port)
    try await client.send(
      "POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    #expect(try await client.response().status == 401)
    #expect(try await client.rest().isEmpty)
  }

  @Test func `a refusal reaches a client that is still sending`() async throws {
    let client = try RawClient(port: server.port)
    let length = 32 << 20
    try await client.send("POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n")
    #expect(try await client.send([UInt8](repeating: 0x78, count: length), bound: 10_000) == length)
    #expect(try await client.response().status == 401)
    try await client.send(Self.get("/v1/files"))
    #expect(try await client.response().status == 200)
  }

  @Test func `a client that sends faster than it is read has to wait`() async throws {
    simulator.inject(.delay(.uploadFile, by: .seconds(3600)))
    let client = try RawClient(port: server.port)
    let length = 128 << 20
    try await client.send(Self.upload("Content-Length: \(length)\r\n"))
    let taken = try await client.send([UInt8](repeating: 0x78, count: length), bound: 300)
    // What the kernel's buffers on both sides hold; the server itself holds a few reads.
    #expect(taken < 32 << 20)
  }

  @Test func `a lost response is a closed connection`() async throws {
    simulator.inject(.loseResponse(of: .createBatch))
    let client = try RawClient(port: server.port)
    let body = #"{"input_file_id":"f","endpoint":"/v1/responses","completion_window":"24h"}"#
    try await client.send(
      "POST /v1/batches HTTP/1.1\r\nHost: x\r\n\(Self.key)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    #expect(try await client.rest().isEmpty)
    let other = try RawClient(port: server.port)
    try await other.send(Self.get("/v1/batches"))
    #expect(try await other.response().text.contains("batch_"))
  }

  @Test func `content that breaks off is shorter than its length`() async throws {
    let client = try RawClient(port: server.port)
    let body = Self.form("{\"custom_id\": \"a\"}")
    try await client.send(Self.upload("Content-Length: \(body.utf8.count)\r\n") + body)
    let id = try #require(try await client.response().text.firstMatch(of: /file-\w+/)?.output)
    simulator.inject(.truncateContent(after: 4))
    try await client.send(Self.get("/v1/files/\(id)/content"))
    let text = String(decoding: try await client.rest(), as: UTF8.self)
    #expect(text.lowercased().contains("content-length: 18\r\n"))
    #expect(text.hasSuffix("\r\n\r\n{\"cu"))
  }

  @Test func `HEAD is answered without a body`() async throws {
    let client = try RawClient(port: server.port)
    try await client.send("HEAD /v1/files HTTP/1.1\r\nHost: x\r\n\(Self.key)\r\n")
    #expect(try await client.response(hasBody: false).status == 405)
    try await client.send(Self.get("/v1/files"))
    #expect(try await client.response().status == 200)
  }

  @Test func `a target in absolute form is understood`() async throws {
    let client = try RawClient(port: server.port)
    try await client.send(Self.get("http://127.0.0.1:\(server.port)/v1/files?limit=1"))
    #expect(try await client.response().status == 200)
  }

  @Test(arguments: ["hello\r\n\r\n", "GET /v1/files HTTP/1.1\r\nbad header\r\n\r\n", "GET / HTTP/9\r\n\r\n"])
  func `what is not HTTP is refused`(bytes: String) async throws {
    let client = try RawClient(port: server.port)
    try await client.send(bytes)
    let answer = String(decoding: try await client.rest(), as: UTF8.self)
    #expect(answer.hasPrefix("HTTP/1.1 400") || answer.hasPrefix("HTTP/1.0 400"), "\(answer)")
  }

  @Test func `a client that leaves in the middle disturbs nobody`() async throws {
    var client: RawClient? = try RawClient(port: server.port)
    try await client?.send(Self.upload("Content-Length: 1000\r\n") + "--b\r\n")
    client = nil
    let other = try RawClient(port: server.port)
    try await other.send(Self.get("/v1/files"))
    #expect(try await other.response().text.contains("\"data\":[]"))
  }

  @Test func `many clients are served at once`() async throws {
    let url = try #require(URL(string: "\(server.baseURL)/batches"))
    var request = URLRequest(url: url)
    request.setValue("Bearer sk-test", forHTTPHeaderField: "Authorization")
    let statuses = try await withThrowingTaskGroup(of: Int?.self) { [request] group in
      for _ in 0..<50 {
        group.addTask {
          let (_, response) = try await URLSession.shared.data(for: request)
          return (response as? HTTPURLResponse)?.statusCode
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses == Array(repeating: 200, count: 50))
    #expect(simulator.requestCount(of: .listBatches) == 50)
  }

  @Test func `a stopped server breaks its connections and leaves its port`() async throws {
    let client = try RawClient(port: server.port)
    try await client.send(Self.get("/v1/files"))
    _ = try await client.response()
    await server.stop()
    #expect(try await client.rest().isEmpty)
    #expect(throws: RawClient.Failure.self) { try RawClient(port: server.port) }
    let again = try await simulator.serve(port: server.port)
    #expect(again.port == server.port)
  }

  @Test func `a server can stop while clients come`() async throws {
    for _ in 0..<50 {
      let server = try await BatchSimulator().serve()
      let port = server.port
      async let clients: Void = withTaskGroup(of: Void.self) { group in
        for _ in 0..<8 { group.addTask { _ = try? RawClient(port: port) } }
      }
      _ = try? RawClient(port: port)
      await server.stop()
      await clients
    }
  }

  @Test func `the last reference ends a server`() async throws {
    var server: SimulatorServer? = try await BatchSimulator().serve()
    let client = try RawClient(port: server?.port ?? 0)
    try await client.send(Self.get("/v1/files"))
    #expect(try await client.response().status == 200)
    server = nil
    #expect(try await client.rest().isEmpty)
  }

  @Test func `a port that is taken is an error`() async throws {
    await #expect(throws: (any Error).self) { try await BatchSimulator().serve(port: server.port) }
  }
}
#endif
