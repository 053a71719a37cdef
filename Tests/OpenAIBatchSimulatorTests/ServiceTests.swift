// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes
internal import OpenAIBatchJSON
internal import OpenAIBatchSimulator
internal import OpenAIBatchTransport
internal import Testing

struct ServiceTests {
  @Test(arguments: ["", "Basic abc", "Bearer", "Bearer ", "sk-test"])
  func `a call without a key is refused`(authorization: String) async throws {
    let reply = try await TestService().send(.get, "/batches", headers: [.authorization: authorization])
    #expect(reply.status == 401)
    #expect(reply.error?["type"]?.string == "invalid_request_error")
    #expect(reply.error?["code"]?.isNull == true)
  }

  @Test func `a configured key is the only one`() async throws {
    let service = TestService { $0.apiKey = "sk-right" }
    let wrong = try await service.send(.get, "/batches", headers: [.authorization: "Bearer sk-wrong-canary"])
    #expect(wrong.status == 401)
    #expect(wrong.error?["code"]?.string == "invalid_api_key")
    #expect(!wrong.text.contains("canary"))
    #expect(
      try await service.send(.get, "/batches", headers: [.authorization: "bearer sk-right"]).status == 200)
  }

  @Test func `every response carries the service's headers`() async throws {
    let service = TestService()
    var ids: Set<String?> = []
    for path in ["/batches", "/batches/batch_none", "/nothing"] {
      let reply = try await service.get(path)
      #expect(reply.headers[.contentType] == "application/json")
      #expect(reply.headers[.contentLength] == "\(reply.bytes.count)")
      for name in ["x-request-id", "openai-processing-ms", "openai-version"] {
        #expect(reply.headers[try #require(HTTPField.Name(name))] != nil, "\(name)")
      }
      ids.insert(reply.headers[try #require(HTTPField.Name("x-request-id"))])
    }
    #expect(ids.count == 3)
  }

  @Test(arguments: [
    ("/nothing", "Invalid URL (GET /v1/nothing)"), ("/batches/b", "No batch found with id 'b'."),
  ])
  func `what does not exist is said so`(path: String, message: String) async throws {
    let reply = try await TestService().get(path)
    #expect(reply.status == 404)
    #expect(reply.error?["message"]?.string == message)
    #expect(reply.error?["type"]?.string == "invalid_request_error")
    #expect(reply.error?.members.map(\.key) == ["message", "type", "param", "code"])
  }

  @Test func `a wrong method is refused with those that are allowed`() async throws {
    let reply = try await TestService().send(.delete, "/batches")
    #expect(reply.status == 405)
    #expect(reply.headers[.allow] == "GET, POST")
  }

  @Test func `a body beyond all measure is refused`() async throws {
    #expect(try await TestService().post("/batches", String(repeating: " ", count: 2 << 20)).status == 413)
  }

  @Test func `a cancelled task gets the kind of failure that a transport owes`() async throws {
    let service = TestService()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await service.get("/batches")
    }
    let failure = await #expect(throws: TransportFailure.self) { try await task.value }
    #expect(failure?.kind == .cancelled)
  }

  @Test func `the same seed gives the same answers`() async throws {
    let texts = try await [TestService(), TestService(), TestService { $0.seed = 2 }].asyncMap { service in
      let batch = try await service.run(chatLines(20))
      return try await service.get("/files/\(batch["output_file_id"]?.string ?? "")/content").text
    }
    #expect(texts[0] == texts[1])
    #expect(texts[0] != texts[2])
  }

  @Test func `three lines are enough`() async throws {
    let transport: any Transport = BatchSimulator().transport
    let head = HTTPRequest(
      method: .get, scheme: "https", authority: "api.openai.com", path: "/v1/batches",
      headerFields: [.authorization: "Bearer any"])
    let response = try await transport.send(TransportRequest(head: head, operation: "listBatches"))
    #expect(response.head.status == .ok)
  }
}

extension Array {
  fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await transform(element)) }
    return values
  }
}
