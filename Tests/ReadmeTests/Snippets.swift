// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import OpenAIBatchCurl  // or OpenAIBatchURLSession
import OpenAIBatchJobs
import OpenAIBatchSimulator
import OpenAIBatchURLSession

/// The README's Swift blocks. Each paragraph of a block is a piece of this file, and each function is run by a test.
enum Snippets {
  struct Ticket: Sendable {
    var id: String
    var text: String
  }

  struct Prompt: Encodable, Sendable {
    var model = "gpt-4o-mini"
    var messages: [[String: String]]

    init(_ ticket: Ticket) {
      messages = [["role": "user", "content": ticket.text]]
    }
  }

  static func start(key: String) -> BatchClient {
    let client = BatchClient(apiKey: key, transport: CurlTransport())
    return client
  }

  static func configured(preferCurl: Bool) throws -> BatchClient {
    let configuration = try BatchClient.Configuration.fromEnvironment()
    let transport: any Transport = preferCurl ? CurlTransport() : URLSessionTransport()
    let client = BatchClient(configuration: configuration, transport: transport)
    return client
  }

  static func walk(_ client: BatchClient) async throws {
    for try await batch in client.batches() {
      print(batch.id, batch.status)
    }
  }

  static func work(_ client: BatchClient, _ tickets: [Ticket]) async throws -> Batch {
    let rows = tickets.map { BatchRequest(customID: $0.id, endpoint: .chatCompletions, body: Prompt($0)) }
    let file = try await client.uploadRequests(rows)
    let batch = try await client.createBatch(
      CreateBatchRequest(inputFileID: file.id, endpoint: .chatCompletions))
    let done = try await client.waitUntilEnded(batch.id)

    for try await result in client.results(of: done) {
      switch result.outcome {
      case .success(let response): print(result.customID, response.outputText ?? "")
      case .failure(let failure): print(result.customID, failure)
      }
    }
    return done
  }

  struct Completion: Decodable, Sendable {
    var model: String
  }

  static func decoded(_ client: BatchClient, _ done: Batch) async throws {
    for try await result in client.results(of: done, as: Completion.self) {
      switch result.outcome {
      case .success(let completion): print(result.customID, completion.model)
      case .failure(let failure): print(result.customID, failure)
      }
    }
  }

  static func inOrder(_ client: BatchClient, _ done: Batch, _ input: String) async throws {
    for try await result in client.orderedResults(of: done, input: input) {
      print(result.customID, result.outcome)
    }
    let audit = try await client.audit(done, input: input)
    try audit.requireComplete()
  }

  static func watch(_ client: BatchClient, _ ids: [BatchID]) async throws {
    for try await update in client.updates(of: ids) {
      let left =
        update.estimate.map { "\($0.remaining.lowerBound) to \($0.remaining.upperBound)" } ?? "unknown"
      print(update.batch.id, update.phase, update.requestCounts, left, update.isStalled ? "stalled" : "")
    }
  }

  static func policies(_ shared: RateLimiter) -> BatchClient.Configuration {
    var configuration = BatchClient.Configuration(apiKey: "any")
    configuration.retry = RetryPolicy(
      maxAttempts: 5, backoff: .fullJitter(base: .seconds(1), cap: .seconds(20)))
    configuration.rateLimit = .documented  // 2,000 creations an hour, 1,000 uploads a minute
    configuration.rateLimit = .requests(600, per: .seconds(60), burst: 20).and(.documented)
    configuration.rateLimiter = shared  // a RateLimiter that several clients share
    return configuration
  }

  static func providers(key: String) -> [BatchClient.Configuration] {
    let azure = BatchClient.Configuration.azure(endpoint: "https://my-resource.openai.azure.com", apiKey: key)
    let groq = BatchClient.Configuration.groq(apiKey: key)
    let together = BatchClient.Configuration.together(apiKey: key)
    var other = BatchClient.Configuration(
      credential: .header("x-key", key), baseURL: "https://gateway.example/team/v1")
    other.queryItems = [("tenant", "7")]
    other.jsonFields = ["priority": 5]  // in each create; formFields in each upload
    other.provider.formNotation = .dots  // expires_after.seconds in place of expires_after[seconds]
    return [azure, groq, together, other]
  }

  static func job(_ client: BatchClient, _ input: String, _ output: String) async throws -> JobReport {
    let job = BatchJob(input: input, output: .file(output), client: client)
    let report = try await job.run { event in print(event) }
    print(report.audit)
    return report
  }

  static func split(_ input: String) throws {
    let plan = try JobPlan(input: input)
    for shard in plan.shards {
      try plan.write(shard, to: "part-\(shard.number).jsonl")
    }
  }

  static func refused(_ client: BatchClient, _ id: BatchID) async throws {
    do {
      try await client.cancelBatch(id)
    } catch {
      guard error.kind == .conflict else { throw error }
      print("it has ended already")
    }
  }

  static func test() async throws -> Int {
    let simulator = BatchSimulator()
    simulator.inject(.loseResponse(of: .createBatch))
    let client = BatchClient(apiKey: "any", transport: simulator.transport)
    _ = try await work(client, [Ticket(id: "a", text: "Hello")])
    return simulator.requestCount(of: .createBatch)
  }
}
