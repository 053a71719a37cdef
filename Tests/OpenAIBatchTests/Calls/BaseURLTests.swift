// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

@Suite struct BaseURLTests {
  @Test(arguments: [
    ("https://api.example/v1", "https api.example /v1/batches/b"),
    ("https://api.example", "https api.example /batches/b"),
    ("https://api.example/", "https api.example /batches/b"),
    ("https://API.Example:8443/v1//", "https api.example:8443 /v1/batches/b"),
    ("HTTPS://api.example/a/b/c/", "https api.example /a/b/c/batches/b"),
    ("https://api.example/v1?api-version=1", "https api.example /v1/batches/b?api-version=1"),
    ("https://api.example?x=1&y=%20", "https api.example /batches/b?x=1&y=%20"),
    ("https://api.example/v1?", "https api.example /v1/batches/b"),
    ("https://a.b-c.d_e/v1", "https a.b-c.d_e /v1/batches/b"),
    ("https://10.0.0.1/v1", "https 10.0.0.1 /v1/batches/b"),
    ("https://[2001:db8::1]:443/v1", "https [2001:db8::1]:443 /v1/batches/b"),
    ("https://api.example/a%20b/v1", "https api.example /a%20b/v1/batches/b"),
    ("https://api.example/..v1/v1..", "https api.example /..v1/v1../batches/b"),
    ("http://localhost/v1", "http localhost /v1/batches/b"),
    ("http://LOCALHOST:8080/v1", "http localhost:8080 /v1/batches/b"),
    ("http://127.0.0.1:1/v1", "http 127.0.0.1:1 /v1/batches/b"),
    ("http://127.255.255.254/v1", "http 127.255.255.254 /v1/batches/b"),
    ("http://[::1]:65535/v1", "http [::1]:65535 /v1/batches/b"),
    ("http://[::1]/v1", "http [::1] /v1/batches/b"),
  ])
  func takes(url: String, request: String) async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    _ = try await BatchClient.test(transport, baseURL: url).retrieveBatch("b")
    let head = try #require(transport.requests.first?.head)
    #expect("\(head.scheme ?? "") \(head.authority ?? "") \(head.path ?? "")" == request)
  }

  @Test(arguments: [
    "", "api.example/v1", "//api.example/v1", "ftp://api.example/v1", "file:///etc/passwd",
    "https:/api.example",
    "https://", "https:///v1", "https://?x", "https://:443/v1",
    "https://user@api.example/v1", "https://user:secret@api.example/v1",
    "https://api.example@evil.example/v1",
    "https://api.example\\@evil.example/v1", "https://api.example/v1#top", "https://api.example#",
    "https://api.example:0/v1", "https://api.example:65536/v1", "https://api.example:/v1",
    "https://api.example:+443/v1", "https://api.example:44x/v1", "https://api.example:1:2/v1",
    "https://[::1/v1", "https://[]/v1", "https://[::1]x/v1", "https://[::1]:x/v1",
    "https://[evil.example]/v1",
    "https://api.example/v1/../admin", "https://api.example/./v1", "https://api.example/%2e%2E/v1",
    "https://api.example/v1/..%2fadmin", "https://api.example/v1%5c..", "https://api.example/%252e./v1",
    "https://api.example/v 1", "https://api.example/v1\n", "https://api.exämple/v1",
    "https://api.example/%zz",
    "https://api.example/v1%", " https://api.example/v1", "https://api%2eexample/v1",
    "http://api.example/v1", "http://127.0.0.1.evil.example/v1", "http://localhost.evil.example/v1",
    "http://127.evil.example/v1", "http://127.0.0.1evil/v1", "http://127.0.0.256/v1", "http://128.0.0.1/v1",
    "http://127.1/v1", "http://2130706433/v1", "http://0.0.0.0/v1", "http://localhost./v1",
    "http://evil-localhost/v1", "http://[::2]/v1", "http://[::1:2]/v1", "http://[::ffff:127.0.0.1]/v1",
    "http://127.0.0.1@evil.example/v1", "http://10.0.0.1/v1",
  ])
  func refuses(url: String) async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    let client = BatchClient.test(transport, baseURL: url)
    let error = try await failure { try await client.retrieveBatch("b") }
    #expect(error.kind == .invalidConfiguration)
    #expect(error.operation == "retrieveBatch")
    #expect(error.attempts == 0)
    #expect(error.message.contains("base URL"))
    #expect(!"\(error)".contains("secret"))
    #expect(try await failure { for try await _ in client.content(of: "f") {} }.kind == .invalidConfiguration)
    #expect(transport.requests.isEmpty)
  }

  @Test func takesPlainHTTPByName() async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    let client = BatchClient.test(transport, baseURL: "http://10.0.0.1:8000/v1") {
      $0.allowInsecureHTTP = true
    }
    _ = try await client.retrieveBatch("b")
    #expect(transport.requests.first?.head.scheme == "http")
  }

  @Test func readsTheEnvironment() async throws {
    let configuration = try BatchClient.Configuration.fromEnvironment([
      "OPENAI_API_KEY": "sk-env", "OPENAI_BASE_URL": "https://own.example/v1", "OPENAI_ORG_ID": "org-1",
      "OPENAI_PROJECT_ID": "",
    ])
    #expect(configuration.baseURL == "https://own.example/v1")
    #expect(configuration.organization == "org-1")
    #expect(configuration.project == nil)
    #expect(
      try BatchClient.Configuration.fromEnvironment(["OPENAI_API_KEY": "k"]).baseURL
        == "https://api.openai.com/v1")
  }

  @Test(arguments: ["not a url", "ftp://host/v1", "https://host/v1?key=canary key", "https://host/%zz"])
  func namesTheVariableOfABadURL(url: String) async throws {
    let environment = ["OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url]
    let error = try await failure { try BatchClient.Configuration.fromEnvironment(environment) }
    #expect(error.kind == .invalidConfiguration)
    #expect(error.message.hasPrefix("OPENAI_BASE_URL: "))
    #expect(!error.message.contains("canary"))
    #expect((error as any Error).localizedDescription == error.description)
    // Whether plain http is allowed is said later.
    _ = try BatchClient.Configuration.fromEnvironment([
      "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://far/v1",
    ])
  }

  @Test(arguments: [nil, "", "sk-line\n", "sk two", "sk-ключ"])
  func refusesABadKey(key: String?) async throws {
    let environment = key.map { ["OPENAI_API_KEY": $0] } ?? [:]
    let error = try await failure { try BatchClient.Configuration.fromEnvironment(environment) }
    #expect(error.kind == .invalidConfiguration)
    #expect(error.message.contains("OPENAI_API_KEY"))
    guard let key else { return }
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    let client = BatchClient(apiKey: key, transport: transport)
    let late = try await failure { try await client.retrieveBatch("b") }
    #expect(late.kind == .invalidConfiguration)
    #expect(key.isEmpty || !"\(error)\(late)".contains(key))
    #expect(transport.requests.isEmpty)
  }
}
