// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchConformance
import Testing

/// One call with what must go over the wire for it, and what the caller gets.
struct ContractRow: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let call: @Sendable (BatchClient) async throws -> String
  let line: String
  var body: String?
  let answer: String
  let returns: String
}

private let batch = batchText(id: "batch_7", status: "validating", fields: ["metadata": ["team": "search"]])
private let cancelling = batchText(id: "batch_7", status: "cancelling")
private let fullRequest = CreateBatchRequest(
  inputFileID: "file-9", endpoint: .chatCompletions, completionWindow: CompletionWindow("48h"),
  metadata: ["team": "search"], outputExpiresAfter: FileExpiration(anchor: .createdAt, seconds: 604_800))

private let contract: [ContractRow] = [
  ContractRow(
    testDescription: "createBatch, unguarded and bare",
    call: {
      let request = CreateBatchRequest(inputFileID: "file-9", endpoint: .responses)
      return try await $0.createBatch(request, key: .unguarded).id.rawValue
    },
    line: "POST /v1/batches",
    body: #"{"input_file_id":"file-9","endpoint":"/v1/responses","completion_window":"24h"}"#,
    answer: batch, returns: "batch_7"),
  ContractRow(
    testDescription: "createBatch with all fields, unguarded",
    call: { "\(try await $0.createBatch(fullRequest, key: .unguarded).status)" },
    line: "POST /v1/batches",
    body: """
      {"input_file_id":"file-9","endpoint":"/v1/chat/completions","completion_window":"48h",\
      "metadata":{"team":"search"},"output_expires_after":{"anchor":"created_at","seconds":604800}}
      """,
    answer: batch, returns: "validating"),
  ContractRow(
    testDescription: "retrieveBatch",
    call: { "\(try await $0.retrieveBatch("batch_7").metadata ?? [:])" },
    line: "GET /v1/batches/batch_7", answer: batch, returns: #"["team": "search"]"#),
  ContractRow(
    testDescription: "cancelBatch",
    call: { "\(try await $0.cancelBatch("batch_7").status)" },
    line: "POST /v1/batches/batch_7/cancel", answer: cancelling, returns: "cancelling"),
  ContractRow(
    testDescription: "listBatches with defaults",
    call: {
      let page = try await $0.listBatches()
      return "\(page.object) \(page.data.map(\.id)) \(page.hasMore)"
    },
    line: "GET /v1/batches?limit=20", answer: #"{"object":"list","data":[\#(batch)],"has_more":true}"#,
    returns: "list [batch_7] true"),
  ContractRow(
    testDescription: "listBatches after a batch",
    call: {
      let page = try await $0.listBatches(after: "batch_1&limit=3", limit: 100)
      return "\(String(describing: page.firstID)) \(page.hasMore)"
    },
    line: "GET /v1/batches?after=batch_1%26limit%3D3&limit=100",
    answer: #"{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}"#,
    returns: "nil false"),
  ContractRow(
    testDescription: "retrieveFile",
    call: { "\(try await $0.retrieveFile("file-1").bytes)" },
    line: "GET /v1/files/file-1", answer: fileText(bytes: 140), returns: "140"),
  ContractRow(
    testDescription: "deleteFile",
    call: { "\(try await $0.deleteFile("file-1").deleted)" },
    line: "DELETE /v1/files/file-1", answer: #"{"id":"file-1","object":"file","deleted":true}"#,
    returns: "true"),
  ContractRow(
    testDescription: "listFiles with defaults",
    call: { "\(try await $0.listFiles().data.map(\.filename))" },
    line: "GET /v1/files?limit=100&order=desc",
    answer: #"{"object":"list","data":[\#(fileText())],"has_more":false}"#,
    returns: #"["requests.jsonl"]"#),
  ContractRow(
    testDescription: "listFiles with everything",
    call: {
      let page = try await $0.listFiles(after: "file-0", limit: 10_000, order: .ascending, purpose: .batch)
      return "\(page.hasMore)"
    },
    line: "GET /v1/files?after=file-0&limit=10000&order=asc&purpose=batch",
    answer: #"{"object":"list","data":[],"has_more":false}"#, returns: "false"),
]

@Suite struct WireContractTests {
  @Test(arguments: contract, Wire.allCases)
  func goesOverTheWireAsDocumented(row: ContractRow, wire: Wire) async throws {
    let server = try LoopbackServer.answering { _ in .json(row.answer) }
    defer { server.stop() }
    let client = BatchClient.loopback(server, wire)

    #expect(try await row.call(client) == row.returns)

    let request = try #require(server.requests.first)
    #expect(server.requests.count == 1)
    #expect("\(request.method) \(request.target)" == row.line)
    #expect(request.header("accept") == "application/json")
    #expect(request.header("authorization") == "Bearer sk-wire")
    #expect(request.header("user-agent")?.hasPrefix("swift-openai-batch/") == true)
    #expect(request.header("openai-organization") == nil)
    #expect(request.header("openai-project") == nil)
    #expect(request.header("transfer-encoding") == nil)
    if let body = row.body {
      #expect(request.header("content-type") == "application/json")
      #expect(request.header("content-length") == "\(request.body.count)")
      #expect(try object(request.body) == object(Array(body.utf8)))
    } else {
      #expect(request.header("content-type") == nil)
      // Foundation says so for a DELETE, too.
      let lengths = request.method == "POST" ? ["0"] : request.method == "DELETE" ? [nil, "0"] : [nil]
      #expect(lengths.contains(request.header("content-length")))
      #expect(request.body.isEmpty)
    }
    let names = request.headers.map { $0.name.lowercased() }
    #expect(Set(names).count == names.count, "a header was sent twice")
  }

  @Test(arguments: Wire.allCases)
  func stampsTheKeyIntoTheMetadata(wire: Wire) async throws {
    let server = try LoopbackServer.answering { _ in .json(batch) }
    defer { server.stop() }
    let client = BatchClient.loopback(server, wire)

    _ = try await client.createBatch(fullRequest)
    _ = try await client.createBatch(CreateBatchRequest(inputFileID: "file-9", endpoint: .responses))

    let bodies = try server.requests.map { try object($0.body) }
    let metadata = try #require(bodies[0]["metadata"] as? [String: String])
    #expect(metadata["team"] == "search")
    #expect(metadata.keys.sorted() == ["openai_batch_key", "team"])
    let bare = try #require(bodies[1]["metadata"] as? [String: String])
    #expect(bare.keys.sorted() == ["openai_batch_key"])
    #expect(bare["openai_batch_key"] != metadata["openai_batch_key"], "a random key for each call")
  }

  @Test(arguments: Wire.allCases)
  func keepsThePathThePortAndTheQueryOfTheBaseURL(wire: Wire) async throws {
    let server = try LoopbackServer.answering { request in
      .json(request.target.contains("batches/") ? batch : #"{"data":[]}"#)
    }
    defer { server.stop() }
    let client = BatchClient.loopback(server, wire, path: "/openai/deployments/x/?api-version=2026-01-01") {
      $0.organization = "org-1"
      $0.project = "proj_2"
      $0.headers[.named("X-Team")] = "search"
      $0.queryItems = [("tenant", "a b")]
    }

    _ = try await client.retrieveBatch("batch_7")
    let options = CallOptions(headers: [.named("X-Team"): "own"], queryItems: [("trace", "1/2")])
    _ = try await client.listBatches(limit: 5, options: options)

    let requests = server.requests
    let base = "/openai/deployments/x/batches"
    #expect(
      requests.map(\.target) == [
        "\(base)/batch_7?api-version=2026-01-01&tenant=a%20b",
        "\(base)?api-version=2026-01-01&limit=5&tenant=a%20b&trace=1%2F2",
      ])
    #expect(requests.map { $0.header("x-team") } == ["search", "own"])
    for request in requests {
      #expect(request.header("openai-organization") == "org-1")
      #expect(request.header("openai-project") == "proj_2")
      #expect(request.header("host") == "127.0.0.1:\(server.port)")
    }
  }

  @Test(arguments: Wire.allCases)
  func sendsAProvidersOwnKeyHeader(wire: Wire) async throws {
    let server = try LoopbackServer.answering { _ in .json(batch) }
    defer { server.stop() }
    let client = BatchClient.loopback(server, wire) { $0.credential = .header("api-key", "azure-key") }

    _ = try await client.retrieveBatch("batch_7")

    #expect(server.requests.first?.header("api-key") == "azure-key")
    #expect(server.requests.first?.header("authorization") == nil)
  }

  @Test func usesTheServiceByDefault() async throws {
    let transport = ScriptedTransport { _ in Reply(200, batch) }
    _ = try await BatchClient(apiKey: "sk-1", transport: transport).retrieveBatch("batch_7")
    let head = try #require(transport.requests.first?.head)
    #expect(head.scheme == "https")
    #expect(head.authority == "api.openai.com")
    #expect(head.path == "/v1/batches/batch_7")
  }

  @Test(arguments: ["Host", "Content-Length", "content-type", "Transfer-Encoding", "Accept-Encoding"])
  func refusesHeadersThatWouldChangeTheFraming(name: String) async throws {
    let transport = ScriptedTransport { _ in Reply(200, batch) }
    let client = BatchClient.test(transport)
    let options = CallOptions(headers: [.named(name): "1"])
    let error = try await failure { try await client.retrieveBatch("batch_7", options: options) }
    #expect(error.kind == .invalidRequest)
    #expect(error.message.lowercased().contains(name.lowercased()))
    let configured = BatchClient.test(transport) { $0.headers = [.named(name): "1"] }
    #expect(try await failure { try await configured.retrieveBatch("b") }.kind == .invalidConfiguration)
    #expect(transport.requests.isEmpty)
  }

  @Test func neverLetsAHeaderReplaceTheCredential() async throws {
    let transport = ScriptedTransport { _ in Reply(200, batch) }
    let client = BatchClient.test(transport) { $0.headers[.authorization] = "Bearer other" }
    _ = try await client.retrieveBatch("b", options: CallOptions(headers: [.authorization: "Bearer third"]))
    #expect(transport.requests.first?.head.headerFields[values: .authorization] == ["Bearer sk-test"])
  }
}
