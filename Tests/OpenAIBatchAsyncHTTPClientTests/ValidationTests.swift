// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import AsyncHTTPClient
import OpenAIBatchConformance
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchAsyncHTTPClient

/// What is refused before anything is sent, and which proxy leads where.
struct ValidationTests {
  private func refusal(
    _ method: HTTPRequest.Method = .get, scheme: String? = "https", authority: String? = "api.example.com",
    path: String? = "/v1/batches", headers: HTTPFields = [:], body: RequestBody = .empty
  ) -> TransportFailure? {
    let head = HTTPRequest(
      method: method, scheme: scheme, authority: authority, path: path, headerFields: headers)
    do throws(TransportFailure) {
      _ = try PreparedRequest(TransportRequest(head: head, body: body, operation: "test"))
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [String?.none, "", "ftp", "file", "httpsx", "http+unix"])
  func schemes(scheme: String?) {
    #expect(refusal(scheme: scheme)?.kind == .invalid)
  }

  @Test(arguments: [
    String?.none, "", "user@host", "user:secret@host", "a b", "host\r\nX: y", "host/path", "host?x", "höst",
    "ho\0st", "host\\x", "host#f", "ho%73t", "host:", "host:x", "host:+1", "host:99999", "host:1:2", ":80",
    "[::1", "[]", "[::1]x", "a[b]",
  ])
  func authorities(authority: String?) {
    let failure = refusal(authority: authority)
    #expect(failure?.kind == .invalid)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(failure.map { "\($0)".contains("secret") } == false)
  }

  @Test(arguments: [
    String?.none, "", "v1", "/a b", "/a\r\nX: y", "/a\nb", "/\0b", "/ü", "/a#b", "/\u{7F}b", "*", "/a{b}",
    "/%",
    "/%4", "/%zz", "/a\"b", "/a|b", "/a?[b]",
  ])
  func paths(path: String?) {
    #expect(refusal(path: path)?.kind == .invalid)
  }

  @Test(arguments: [
    "api.example.com", "127.0.0.1:8080", "[::1]:443", "[::1]", "my_host", "xn--hst-sna.example",
  ])
  func goodAuthorities(authority: String) {
    #expect(refusal(authority: authority) == nil)
  }

  @Test func methodsAndFraming() {
    let byte = RequestBody.bytes([1])
    #expect(refusal(.connect)?.kind == .invalid)
    #expect(refusal(.trace)?.kind == .invalid)
    #expect(refusal(.head, body: byte)?.kind == .invalid)
    #expect(refusal(.options) == nil)
    #expect(refusal(.get, body: byte) == nil)
    #expect(refusal(.post, headers: [.contentLength: "2"], body: byte)?.kind == .invalid)
    #expect(refusal(.post, headers: [.contentLength: "1"], body: byte) == nil)
    #expect(refusal(.post, headers: [.transferEncoding: "chunked"], body: byte)?.kind == .invalid)
  }

  @Test(arguments: ["a\u{1}b", "a\u{7F}b", "a\u{1F}"])
  func controlCharactersInAValue(value: String) {
    // HTTPTypes turns CR, LF and NUL into spaces itself; the rest reaches us in this form.
    let field = HTTPField(name: .authorization, lenientValue: Array(value.utf8))
    let failure = refusal(headers: HTTPFields([field]))
    #expect(failure?.kind == .invalid)
    #expect(failure?.message.contains("uthorization") == true)
    #expect(failure?.message.contains(value) == false)
  }

  // MARK: Proxies

  @Test(arguments: [
    (
      ["https_proxy": "http://a:1", "http_proxy": "http://b:1"], String?.some("http://a:1"),
      String?.some("http://b:1")
    ),
    (["all_proxy": "http://c:1", "no_proxy": "other.example, .example.com"], nil, nil),
    (["all_proxy": "http://c:1", "NO_PROXY": "API.example.com"], nil, nil),
    (["all_proxy": "http://c:1", "no_proxy": "*"], nil, nil),
    (["all_proxy": "http://c:1", "no_proxy": "i.example.com,com.example,."], "http://c:1", "http://c:1"),
  ])
  func proxiesFromTheEnvironment(environment: [String: String], secure: String?, plain: String?) {
    let rules = ProxyRules(.environment, environment: environment)
    #expect(rules.proxy(forHost: "api.example.com", isSecure: true) == secure)
    #expect(rules.proxy(forHost: "api.example.com", isSecure: false) == plain)
    let none = ProxyRules(.none, environment: environment)
    #expect(none.proxy(forHost: "api.example.com", isSecure: true) == nil)
    let url = ProxyRules(.url("http://p:1"), environment: environment)
    #expect(url.proxy(forHost: "api.example.com", isSecure: false) == "http://p:1")
  }

  /// As libcurl reads them.
  @Test(arguments: [
    ("api.example.com", "example.com.", true), ("api.example.com.", "example.com", true),
    ("api.example.com", "..example.com", true), ("notexample.com", "example.com", false),
    ("api.example.com", "x.example,*", false), ("api.example.com", "*.example.com", false),
    ("10.1.2.3", "10.0.0.0/8", true), ("11.1.2.3", "x,10.0.0.0/8", false), ("10.1.2.3", "10.1.2.0/23", true),
    ("10.1.4.3", "10.1.2.0/23", false), ("10.1.2.3", "10.1.2.3", true), ("10.1.2.3", "2.3", false),
    ("10.1.2.3", "0.0.0.0/0", true), ("10.1.2.3", "10.0.0.0/33", false), ("10.1.2.3", "10.0.0.0/", false),
    ("::1", "[::1]", true), ("::1", "0:0::1", true), ("fd00::7", "fd00::/8", true),
    ("fe00::7", "fd00::/8", false),
    ("::1", "0.0.0.0/0", false), ("api.example.com", "x\tAPI.example.com", true),
  ])
  func exceptionsFromTheProxy(host: String, exceptions: String, isDirect: Bool) {
    let rules = ProxyRules(.environment, environment: ["https_proxy": "http://p:1", "no_proxy": exceptions])
    #expect(rules.proxy(forHost: host, isSecure: true) == (isDirect ? nil : "http://p:1"))
  }

  @Test(arguments: [
    ("http://proxy.example:3128", HTTPClient.Configuration.Proxy.server(host: "proxy.example", port: 3128)),
    ("proxy.example:3128/", .server(host: "proxy.example", port: 3128)),
    ("HTTP://[::1]:80", .server(host: "::1", port: 80)),
    ("socks5://127.0.0.1:1080", .socksServer(host: "127.0.0.1", port: 1080)),
    (
      "http://me:p%40s:%@proxy:1",
      .server(host: "proxy", port: 1, authorization: .basic(username: "me", password: "p@s:%"))
    ),
  ])
  func proxyURLs(url: String, proxy: HTTPClient.Configuration.Proxy) throws {
    #expect(try HTTPClient.Configuration.Proxy(url: url) == proxy)
  }

  @Test(arguments: [
    "", "http://", "http://canary", "http://canary:0", "http://canary:70000", "http://:1", "https://canary:1",
    "socks5://me:canary@h:1", "http://a b:1", "http://canary/x:1",
  ])
  func badProxyURLs(url: String) async throws {
    let transport = AsyncHTTPClientTransport(.init(proxy: .url(url)), environment: [:])
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let failure = await transport.failure(of: server.request())
    #expect(failure?.kind == .invalid)
    #expect(failure.map { "\($0)".contains("canary") } == false)
    #expect(server.connectionCount == 0)
  }

  @Test func aRequestGoesThroughTheProxyButForExceptions() async throws {
    let proxy = try LoopbackServer { connection in
      // The tunnel ends here: what comes through it is answered by the proxy itself.
      guard connection.readHead() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\n\r\n")
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nby proxy")
    }
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "direct") }
    defer {
      proxy.stop()
      server.stop()
    }
    var environment = ["http_proxy": "http://me:secret@127.0.0.1:\(proxy.port)"]
    let proxied = AsyncHTTPClientTransport(environment: environment)
    #expect(try await proxied.exchange(server.request()).body == Array("by proxy".utf8))
    environment["no_proxy"] = "127.0.0.1"
    let direct = AsyncHTTPClientTransport(environment: environment)
    #expect(try await direct.exchange(server.request()).body == Array("direct".utf8))
  }
}
#endif
