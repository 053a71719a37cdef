// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

struct TransportProxyTests {
  @Test(arguments: [
    ([String: String](), "", ""),
    (["https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1"], "http://a:1", ""),
    (["https_proxy": "", "HTTPS_PROXY": "http://b:1"], "http://b:1", ""),
    (["ALL_PROXY": "http://c:1"], "http://c:1", "http://c:1"),
    (["all_proxy": "http://c:1", "ALL_PROXY": "http://d:1"], "http://c:1", "http://c:1"),
    (["http_proxy": "http://d:1"], "", "http://d:1"),
    (["HTTP_PROXY": "http://e:1"], "", ""),
  ])
  func theEnvironmentsProxies(environment: [String: String], secure: String, plain: String) {
    let proxy = TransportProxy.environment
    #expect(proxy.route(isSecure: true, environment: environment).url == secure)
    #expect(proxy.route(isSecure: false, environment: environment).url == plain)
    #expect(TransportProxy.none.route(isSecure: true, environment: environment) == .init())
    let given = TransportProxy.url("http://p:1").route(isSecure: true, environment: environment)
    #expect(given == .init(url: "http://p:1"))
  }

  @Test(arguments: [
    (["no_proxy": "a"], "a"), (["NO_PROXY": "b"], "b"), (["no_proxy": "a", "NO_PROXY": "b"], "a"),
    (["no_proxy": "", "NO_PROXY": "b"], "b"),
  ])
  func exceptions(environment: [String: String], exceptions: String) {
    let environment = environment.merging(["all_proxy": "http://p:1"]) { $1 }
    let route = TransportProxy.environment.route(isSecure: true, environment: environment)
    #expect(route == .init(url: "http://p:1", exceptions: exceptions))
  }

  @Test(arguments: ["", "http://a b:1", "http://a:1\n", "http://user:canary@a:1\u{7F}"])
  func impossibleURLs(url: String) throws {
    let failure = try #require(TransportProxy.url(url).failure)
    #expect(failure.kind == .invalid)
    #expect(!failure.message.contains("canary"))
  }

  @Test func otherURLsAreForTheTransportToRead() {
    #expect(TransportProxy.url("socks5h://me:secret@proxy.example:1080").failure == nil)
    #expect(TransportProxy.environment.failure == nil)
    #expect(TransportProxy.none.failure == nil)
  }

  @Test func printsWithoutCredentials() {
    let proxy = TransportProxy.url("http://user:canary@proxy.example:3128")
    var dumped = ""
    dump(proxy, to: &dumped)
    for text in ["\(proxy)", String(reflecting: proxy), dumped] {
      #expect(!text.contains("canary"))
      #expect(text.contains("proxy.example:3128"))
    }
    #expect("\(TransportProxy.environment) \(TransportProxy.none)" == "environment none")
  }
}
