// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation
internal import OpenAIBatch
internal import OpenAIBatchConformance
internal import OpenAIBatchCurl
internal import OpenAIBatchJobs
internal import OpenAIBatchSimulator
internal import Testing

/// What the README shows runs, on the simulator.
@Suite struct SnippetTests {
  let simulator = BatchSimulator(configuration: .init(speed: 1000))
  var client: BatchClient { BatchClient(apiKey: "any", transport: simulator.transport) }
  let tickets = (1...3).map { Snippets.Ticket(id: "t-\($0)", text: "Number \($0)") }

  func uploaded() async throws -> FileID {
    let rows = tickets.map {
      BatchRequest(customID: $0.id, endpoint: .chatCompletions, body: Snippets.Prompt($0))
    }
    return try await client.uploadRequests(rows).id
  }

  @Test func theFourCalls() async throws {
    let file = try await uploaded()
    let batch = try await ComingFrom.create(client, file)
    #expect(batch.inputFileID == file)
    #expect(try await ComingFrom.retrieve(client, batch.id).id == batch.id)
    #expect(try await ComingFrom.list(client) == [batch.id])
    #expect(try await ComingFrom.walk(client) == [batch.id])
    let (same, copy) = try await ComingFrom.memory(client, batch.id)
    #expect(same.metadata != copy.metadata && copy.metadata == ["team": "search"])
  }

  @Test func cancellingABatch() async throws {
    let slow = BatchSimulator()
    let client = BatchClient(apiKey: "any", transport: slow.transport)
    let rows = tickets.map {
      BatchRequest(customID: $0.id, endpoint: .chatCompletions, body: Snippets.Prompt($0))
    }
    let file = try await client.uploadRequests(rows)
    let batch = try await ComingFrom.create(client, file.id)
    #expect(try await ComingFrom.cancel(client, batch.id).status == .cancelling)
  }

  @Test func errors() async {
    let said = await ComingFrom.errors(client, "batch_none")
    #expect(said.first == "notFound" && said.contains("404") && said.last == "no such batch")
  }

  @Test func cancellingACall() async {
    #expect(await ComingFrom.cancelling(client, "batch_none"))
  }

  @Test func configuration() async throws {
    let server = try LoopbackServer.answering { request in
      .json(
        #"{"id":"\#(request.target)","object":"batch","endpoint":"/v1/embeddings","input_file_id":"file-1","#
          + #""completion_window":"24h","status":"validating","created_at":1}"#)
    }
    defer { server.stop() }
    let client = ComingFrom.configuration(key: "sk-secret", url: "http://127.0.0.1:\(server.port)/v1")
    #expect(try await client.retrieveBatch("batch_1").id == "/v1/batches/batch_1")
    #expect(server.requests.first?.header("Authorization") == "Bearer sk-secret")
    #expect(!"\(ComingFrom.configuration(key: "sk-secret"))".contains("sk-secret"))
    #expect(!"\(Snippets.start(key: "sk-secret"))".contains("sk-secret"))
    let environment = ["OPENAI_API_KEY": "sk-secret", "OPENAI_BASE_URL": "https://example.com/v1"]
    #expect(try ComingFrom.configuration(environment: environment).baseURL == "https://example.com/v1")
  }

  @Test func theEndOfATransport() async {
    let transport = CurlTransport()
    await ComingFrom.end(transport)
    let client = BatchClient(
      configuration: .init(apiKey: "any", baseURL: "http://127.0.0.1:1"), transport: transport)
    await #expect { try await client.retrieveBatch("batch_1") } throws: {
      ($0 as? BatchClientError)?.kind == .shutDown
    }
  }

  @Test func work() async throws {
    let done = try await Snippets.work(client, tickets)
    #expect(done.status == .completed && done.requestCounts.completed == 3)
    try await Snippets.walk(client)
    try await Snippets.watch(client, [done.id])
    try await Snippets.refused(client, done.id)
    #expect(simulator.requestCount(of: .cancelBatch) == 1)
  }

  @Test func policiesAndProviders() async throws {
    let configuration = Snippets.policies(RateLimiter(.documented))
    #expect(
      try await BatchClient(configuration: configuration, transport: simulator.transport).listBatches().data
        .isEmpty)
    for configuration in Snippets.providers(key: "sk-secret") {
      #expect(!"\(configuration)".contains("sk-secret"))
      let client = BatchClient(configuration: configuration, transport: simulator.transport)
      await #expect(throws: BatchClientError.self) { try await client.retrieveBatch("") }
    }
  }

  @Test func aLostResponseMakesNoSecondBatch() async throws {
    #expect(try await Snippets.test() == 1)
  }

  @Test func theMainJob() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("readme-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent("requests.jsonl")
    let lines = try tickets.map {
      try BatchRequest(customID: $0.id, endpoint: .chatCompletions, body: Snippets.Prompt($0)).line()
    }
    try Data(lines.joined(separator: [0x0A])).write(to: input)
    let output = folder.appendingPathComponent("answers.jsonl").path
    let report = try await Snippets.job(client, input.path, output)
    #expect(report.isComplete && report.audit.rows == 3)
    #expect(try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").count == 3)
    try await Snippets.inOrder(client, report.batch, input.path)
    try await Snippets.decoded(client, report.batch)
  }
}
