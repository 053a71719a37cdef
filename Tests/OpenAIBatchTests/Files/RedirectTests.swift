// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import OpenAIBatchConformance
import Synchronization
import Testing

extension BatchClient {
  fileprivate func text(of id: FileID = "file-1", options: CallOptions = CallOptions()) async throws -> String
  {
    var bytes: [UInt8] = []
    for try await chunk in content(of: id, options: options) { bytes += chunk }
    return String(decoding: bytes, as: UTF8.self)
  }
}

private func url(_ request: SentRequest) -> String {
  "\(request.head.scheme ?? "")://\(request.head.authority ?? "")\(request.target)"
}

@Suite struct RedirectTests {
  @Test(arguments: [301, 302, 303, 307, 308])
  func followsToAStoreWithNothingOfOurs(status: Int) async throws {
    let transport = ScriptedTransport { request in
      request.number == 1
        ? Reply(status, headers: [.location: "https://Store.example:444/a%2Fb?sig=x%3D&se=1"])
        : Reply(200, "content")
    }
    let client = BatchClient.test(transport) {
      $0.organization = "org-1"
      $0.project = "proj_1"
      $0.headers[.named("X-Own")] = "1"
      $0.queryItems = [("api-version", "1")]
    }
    #expect(try await client.text(options: CallOptions(headers: [.cookie: "a=b"])) == "content")
    let hop = try #require(transport.requests.last)
    #expect(transport.requests.count == 2)
    #expect(url(hop) == "https://store.example:444/a%2Fb?sig=x%3D&se=1")
    #expect(hop.head.headerFields.isEmpty)
    #expect(hop.method == "GET" && hop.body.isEmpty && hop.timeouts.total == nil)
  }

  @Test(arguments: [
    ("https://store.example", "https://store.example/"),
    ("https://store.example?x=1", "https://store.example/?x=1"),
    ("https://store.example/a#part", "https://store.example/a"),
    ("/else?x=1", "https://api.example/else?x=1"),
    ("//store.example/a", "https://store.example/a"),
    ("signed/a?x=1", "https://api.example/v1/files/file-1/signed/a?x=1"),
    ("?x=1", "https://api.example/v1/files/file-1/content?x=1"),
    ("../blob?x=../1", "https://api.example/v1/files/blob?x=../1"),
    ("./a/./b/../c/..", "https://api.example/v1/files/file-1/a/"),
    ("../../../../../a", "https://api.example/a"),
    ("http://127.0.0.1:9000/a", "http://127.0.0.1:9000/a"),
    ("http://localhost/a", "http://localhost/a"),
    ("http://[::1]:80/a", "http://[::1]:80/a"),
  ])
  func resolves(location: String, target: String) async throws {
    let transport = ScriptedTransport { request in
      request.number == 1 ? Reply(302, headers: [.location: location]) : Reply(200, "content")
    }
    #expect(try await BatchClient.test(transport).text() == "content")
    #expect(transport.requests.last.map(url) == target)
  }

  @Test(arguments: [
    "http://store.example/a", "http://127.0.0.1.evil.example/", "ftp://store.example/a", "file:///etc/passwd",
    "https://user:secret@store.example/", "https://", "javascript:alert(1)", "https://st ore.example/", "",
  ])
  func refuses(location: String) async throws {
    let transport = ScriptedTransport { _ in Reply(302, headers: [.location: location]) }
    let error = try await failure { try await BatchClient.test(transport).text() }
    #expect(error.kind == .redirected)
    #expect(error.operation == "fileContent")
    #expect(!error.message.contains("secret"))
    #expect(transport.requests.count == 1)
  }

  @Test func refusesARedirectWithoutATarget() async throws {
    let transport = ScriptedTransport { _ in Reply(302) }
    #expect(try await failure { try await BatchClient.test(transport).text() }.kind == .redirected)
  }

  @Test func namesTheHostItDoesNotGoTo() async throws {
    let transport = ScriptedTransport { request in
      Reply(302, headers: [.location: "http://evil.example/secret-signature"])
    }
    let error = try await failure { try await BatchClient.test(transport).text() }
    #expect(error.message.contains("evil.example"))
    #expect(!error.message.contains("secret-signature"))
  }

  @Test(arguments: [5, 6])
  func followsFiveTimes(hops: Int) async throws {
    let transport = ScriptedTransport { request in
      request.number <= hops
        ? Reply(302, headers: [.location: "https://hop\(request.number).example/"]) : Reply(200, "content")
    }
    let client = BatchClient.test(transport)
    if hops <= 5 {
      #expect(try await client.text() == "content")
    } else {
      #expect(try await failure { try await client.text() }.kind == .redirected)
    }
    #expect(transport.requests.count == 6)
  }

  @Test func leavesALoop() async throws {
    let transport = ScriptedTransport { _ in Reply(302, headers: [.location: "/v1/files/file-1/content"]) }
    #expect(try await failure { try await BatchClient.test(transport).text() }.kind == .redirected)
    #expect(transport.requests.count == 6)
    #expect(transport.requests.dropFirst().allSatisfy { $0.head.headerFields[.authorization] == nil })
  }

  @Test func asksTheOriginAgainAfterABreak() async throws {
    let transport = ScriptedTransport { request in
      switch request.head.authority {
      case "api.example": Reply(302, headers: [.location: "https://store\(request.number).example/"])
      case "store1.example": Reply(200, bytes: Array("con".utf8), failure: .scripted(.truncated))
      default: Reply(206, headers: [.contentRange: "bytes 3-6/7"], "tent")
      }
    }
    #expect(try await BatchClient.test(transport).text() == "content")
    let requests = transport.requests
    #expect(
      requests.map { $0.head.authority } == [
        "api.example", "store1.example", "api.example", "store3.example",
      ])
    #expect(requests[3].head.headerFields.map { "\($0.name): \($0.value)" } == ["Range: bytes=3-"])
  }

  @Test(arguments: [500, 503, 429])
  func isPatientWithAStore(status: Int) async throws {
    let transport = ScriptedTransport { request in
      switch request.number {
      case 1: Reply(302, headers: [.location: "https://store.example/"])
      case 2: Reply(status)
      default: Reply(200, "content")
      }
    }
    #expect(try await BatchClient.test(transport).text() == "content")
    #expect(transport.requests.count == 3)
  }

  @Test(arguments: [(403, BatchClientError.Kind.rejected), (404, .notFound), (500, .serverError)])
  func namesTheStoreThatFails(status: Int, kind: BatchClientError.Kind) async throws {
    let transport = ScriptedTransport { request in
      request.number == 1
        ? Reply(302, headers: [.location: "https://store.example/?sig=secret"]) : Reply(status)
    }
    let error = try await failure { try await BatchClient.test(transport).text() }
    #expect(error.kind == kind && error.status == status)
    #expect(error.message.contains("store.example") && !"\(error)".contains("secret"))
  }

  @Test func followsNowhereElse() async throws {
    let transport = ScriptedTransport { _ in
      Reply(307, headers: [.location: "https://evil.example:8443/v1/batches?x=1#y"])
    }
    let client = BatchClient.test(transport)
    let request = CreateBatchRequest(inputFileID: "f", endpoint: .responses)
    let errors = [
      try await failure { try await client.createBatch(request) },
      try await failure { try await client.retrieveBatch("b") },
      try await failure { try await client.cancelBatch("b") },
      try await failure { try await client.listBatches() },
      try await failure { try await client.retrieveFile("f") },
      try await failure { try await client.deleteFile("f") },
      try await failure { try await client.listFiles() },
      try await failure { try await client.uploadFile([1], named: "a") },
    ]
    for error in errors {
      #expect(error.kind == .redirected && error.status == 307)
      #expect(error.message.contains("evil.example:8443"), "\(error.message)")
    }
    #expect(transport.requests.allSatisfy { $0.head.authority == "api.example" })
    #expect(transport.requests.count == errors.count)
  }

  @Test(arguments: [("/login", "api.example"), ("//evil.example/x", "evil.example"), ("x", "api.example")])
  func namesTheHostOfARelativeRedirect(location: String, host: String) async throws {
    let transport = ScriptedTransport { _ in Reply(302, headers: [.location: location]) }
    let error = try await failure { try await BatchClient.test(transport).retrieveBatch("b") }
    #expect(error.message.contains(host), "\(error.message)")
  }

  @Test(arguments: Wire.allCases)
  func keepsTheKeyFromTheStore(wire: Wire) async throws {
    let store = try LoopbackServer.answering { _ in LoopbackAnswer(body: "content") }
    defer { store.stop() }
    let port = store.port
    let server = try LoopbackServer.answering { _ in
      LoopbackAnswer(302, headers: [("Location", "http://localhost:\(port)/signed?x=1")])
    }
    defer { server.stop() }
    #expect(try await BatchClient.loopback(server, wire).text() == "content")
    let hop = try #require(store.requests.first)
    #expect(hop.target == "/signed?x=1")
    #expect(hop.header("authorization") == nil && hop.header("openai-organization") == nil)
    #expect(server.requests.count == 1 && store.requests.count == 1)
  }
}
