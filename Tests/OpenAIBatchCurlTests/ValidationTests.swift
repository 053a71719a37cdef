// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchCurl

/// What is refused before anything is sent, and how a set-up is worked out.
struct ValidationTests {
  private func head(
    _ method: HTTPRequest.Method = .get, scheme: String? = "https", authority: String? = "api.example.com",
    path: String? = "/v1/batches", headers: HTTPFields = [:]
  ) -> HTTPRequest {
    HTTPRequest(method: method, scheme: scheme, authority: authority, path: path, headerFields: headers)
  }

  private func refusal(_ head: HTTPRequest, _ body: RequestBody = .empty) -> TransportFailure? {
    do throws(TransportFailure) {
      _ = try PreparedRequest(TransportRequest(head: head, body: body, operation: "test"))
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [String?.none, "", "ftp", "file", "httpsx"])
  func schemes(scheme: String?) {
    #expect(refusal(head(scheme: scheme))?.kind == .invalid)
  }

  @Test(arguments: [
    String?.none, "", "user@host", "user:secret@host", "a b", "host\r\nX: y", "host/path", "host?x", "höst",
    "ho\0st", "host\\x", "host#f", "ho%73t",
  ])
  func authorities(authority: String?) {
    let failure = refusal(head(authority: authority))
    #expect(failure?.kind == .invalid)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(failure.map { "\($0)".contains("secret") } == false)
  }

  @Test(arguments: [
    String?.none, "", "v1", "/a b", "/a\r\nX: y", "/a\nb", "/\0b", "/ü", "/a#b", "/\u{7F}b", "*",
  ])
  func paths(path: String?) {
    #expect(refusal(head(path: path))?.kind == .invalid)
  }

  @Test(arguments: ["api.example.com", "127.0.0.1:8080", "[::1]:443", "my_host", "xn--hst-sna.example"])
  func goodAuthorities(authority: String) {
    #expect(refusal(head(authority: authority)) == nil)
  }

  @Test func methods() {
    #expect(refusal(head(.connect))?.kind == .invalid)
    #expect(refusal(head(.trace))?.kind == .invalid)
    #expect(refusal(head(.head), .bytes([1]))?.kind == .invalid)
    #expect(refusal(head(.options)) == nil)
  }

  @Test func framingHeaders() {
    #expect(refusal(head(.post, headers: [.contentLength: "2"]), .bytes([1]))?.kind == .invalid)
    #expect(refusal(head(.post, headers: [.contentLength: "1"]), .bytes([1])) == nil)
    #expect(refusal(head(.post, headers: [.transferEncoding: "chunked"]), .bytes([1]))?.kind == .invalid)
  }

  @Test(arguments: [(600_000, 0), (0, 600_000), (300_000, 300_000), (9_000_000, 0)])
  func aHeadThatLibcurlDoesNotSend(pathLength: Int, valueLength: Int) {
    let failure = refusal(
      head(
        path: "/" + String(repeating: "a", count: pathLength),
        headers: [.authorization: String(repeating: "a", count: valueLength)]))
    #expect(failure?.kind == .invalid)
    #expect(failure?.message.contains("524288") == true)
  }

  @Test(arguments: ["a\u{1}b", "a\u{7F}b", "a\u{1F}"])
  func controlCharactersInAValue(value: String) {
    // HTTPTypes turns CR, LF and NUL into spaces itself; the rest reaches us in this form.
    let field = HTTPField(name: .authorization, lenientValue: Array(value.utf8))
    let failure = refusal(head(headers: HTTPFields([field])))
    #expect(failure?.kind == .invalid)
    #expect(failure?.message.contains("uthorization") == true)
    #expect(failure?.message.contains(value) == false)
  }

  @Test func whatLibcurlGets() throws {
    var fields: HTTPFields = [.accept: "application/json"]
    fields[.expect] = "100-continue"
    fields.append(HTTPField(name: .authorization, value: ""))
    let request = try PreparedRequest(
      TransportRequest(head: head(.patch, headers: fields), body: .bytes([1, 2]), operation: "test"))
    #expect(String(decoding: request.url, as: UTF8.self) == "https://api.example.com/v1/batches\0")
    #expect(request.customMethod == Array("PATCH\0".utf8))
    #expect(request.shape == .upload(length: 2))
    #expect(!request.needsFreshConnection)
    #expect(
      String(decoding: request.headerLines, as: UTF8.self)
        == "Accept: application/json\0Authorization;\0Accept-Encoding: identity\0Expect:\0Content-Type:\0")
    #expect(request.headerCount == 5)
  }

  @Test(arguments: [
    (HTTPRequest.Method.get, false), (.head, false), (.post, true), (.put, true), (.delete, true),
    (.options, true),
  ])
  func freshConnections(method: HTTPRequest.Method, isFresh: Bool) throws {
    let request = try PreparedRequest(TransportRequest(head: head(method), operation: "test"))
    #expect(request.needsFreshConnection == isFresh)
  }

  // MARK: Set-up

  @Test func aMissingCAFileIsInvalid() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    for transport in [
      makeTransport(trust: .file("/nonexistent/ca.pem")), makeTransport(trust: .file(NSTemporaryDirectory())),
      CurlTransport(.init(proxy: .none), environment: ["SSL_CERT_FILE": "/nonexistent/ca.pem"]),
      CurlTransport(.init(proxy: .url("")), environment: [:]),
      CurlTransport(.init(proxy: .url("http://a b")), environment: [:]),
    ] {
      let failure = await transport.failure(of: server.request())
      #expect(failure?.kind == .invalid)
      #expect(failure?.mayHaveReachedServer == false)
    }
    #expect(server.connectionCount == 0)
  }

  @Test func theEnvironmentsBundleReplacesTheConfigured() {
    let configuration = CurlTransport.Configuration(trust: .file("/a.pem"))
    #expect(EngineSettings(configuration, environment: ["SSL_CERT_FILE": "/b.pem"]).caFile == "/b.pem")
    #expect(EngineSettings(configuration, environment: ["SSL_CERT_FILE": ""]).caFile == "/a.pem")
    #expect(EngineSettings(.init(), environment: [:]).caFile == nil)
  }

  @Test func proxiesComeFromTheConfigurationAndTheEnvironment() {
    let environment = ["https_proxy": "http://a:1", "http_proxy": "http://b:1", "no_proxy": "c"]
    let settings = EngineSettings(.init(), environment: environment)
    #expect(settings.secureRoute == .init(url: "http://a:1", exceptions: "c"))
    #expect(settings.plainRoute == .init(url: "http://b:1", exceptions: "c"))
    let none = EngineSettings(.init(proxy: .none), environment: environment)
    #expect(none.secureRoute == .init() && none.plainRoute == .init())
  }

  @Test(arguments: [(0, 1), (-5, 1), (8, 8), (100, 100), (1_000, 100)])
  func connectionsAreBounded(wished: Int, given: Int) {
    #expect(EngineSettings(.init(maxConnections: wished), environment: [:]).maxConnections == given)
  }

  @Test func aPlainRequestGoesThroughTheProxyButForExceptions() async throws {
    let proxy = try LoopbackServer.answering { LoopbackAnswer(body: "by proxy: \($0.target)") }
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "direct") }
    defer {
      proxy.stop()
      server.stop()
    }
    var environment = ["http_proxy": "http://127.0.0.1:\(proxy.port)"]
    let proxied = CurlTransport(environment: environment)
    #expect(
      try await proxied.text(of: server.request()) == "by proxy: http://127.0.0.1:\(server.port)/")
    environment["no_proxy"] = "127.0.0.1"
    let direct = CurlTransport(environment: environment)
    #expect(try await direct.text(of: server.request()) == "direct")
  }

  /// libcurl's words quote the whole URL.
  @Test(arguments: [
    "http://user:can#ary@127.0.0.1:9", "http://user:canary@127.0.0.1:x", "gopher://u:canary@h:1",
  ])
  func aProxyThatCannotBeReadIsInvalidAndItsPasswordIsNotRepeated(proxy: String) async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let failure = try #require(
      await CurlTransport(environment: ["http_proxy": proxy]).failure(of: server.request()))
    #expect(failure.mayHaveReachedServer == false)
    #expect(failure.kind == .invalid || failure.kind == .notSent, "\(failure)")
    #expect(!failure.message.contains("ary"), "\(failure.message)")
    #expect(server.requests.isEmpty)
  }

  @Test(arguments: [407, 403, 502])
  func aProxyThatRefusesGetsNoCredentials(status: Int) async throws {
    let proxy = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n")
      connection.waitForPeerToClose()
    }
    defer { proxy.stop() }
    let transport = CurlTransport(.init(proxy: .url("http://127.0.0.1:\(proxy.port)")), environment: [:])
    let head = head(.post, authority: "api.invalid", headers: [.authorization: "Bearer sk-1"])
    let failure = await transport.failure(
      of: TransportRequest(head: head, body: .bytes([1]), operation: "test"))
    #expect(failure?.kind == .proxy)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(failure?.message.contains("\(status)") == true)
    #expect(proxy.requests.map(\.method) == ["CONNECT"])
    #expect(proxy.requests.first?.header("authorization") == nil)
  }
}
