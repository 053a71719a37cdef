// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchCurl
import OpenAIBatchSimulator
import OpenAIBatchURLSession
import Synchronization
import Testing

private struct Ticket: Sendable {
  var id: String
  var text: String
}

private struct Prompt: Encodable {
  var model = "gpt-test"
  var messages: [[String: String]]

  init(_ ticket: Ticket) { messages = [["role": "user", "content": ticket.text]] }
}

private struct Label: Decodable {
  var model: String
}

/// A middleware of a user's own.
private struct MyMiddleware: Middleware {
  static let seen = Mutex<[String]>([])

  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    Self.seen.withLock { $0.append("\(context.operation) \(context.effect) \(context.attempt)") }
    return try await next(request, context)
  }
}

/// What the design promises that users can write, each statement as it stands there.
@Suite struct ContractTests {
  private let key = "sk-contract"
  private let preferCurl = true

  @Test func makesAClient() async throws {
    let client = BatchClient(apiKey: key, transport: CurlTransport())

    // or configured: OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID, OPENAI_PROJECT_ID
    var configuration = try BatchClient.Configuration.fromEnvironment(["OPENAI_API_KEY": key])
    configuration.retry = .standard
    configuration.retry = .none
    configuration.retry = RetryPolicy(
      maxAttempts: 4, backoff: .fullJitter(base: .milliseconds(500), cap: .seconds(8)))
    configuration.rateLimit = .requests(600, per: .seconds(60), burst: 20)
    configuration.rateLimit = .unlimited
    configuration.middleware.append(MyMiddleware(), at: .perAttempt)
    configuration.middleware.append(MyMiddleware(), at: .perCall)
    let transport: any Transport = preferCurl ? CurlTransport() : URLSessionTransport()
    let configured = BatchClient(configuration: configuration, transport: transport)

    let trusting = CurlTransport(.init(maxConnections: 64, trust: .system, proxy: .environment))
    let pinned = CurlTransport(.init(trust: .file("ca.pem")))
    _ = (client, configured, trusting, pinned)

    configuration.credential = .apiKey(key)
    configuration.credential = .bearer { "token" }
    configuration.credential = .header("api-key", key)
    #expect("\(configuration.credential)" == "<redacted>")
  }

  @Test func doesTheWholeJob() async throws {
    let clock = VirtualClock()
    let simulator = BatchSimulator(
      configuration: .init(clock: clock, startTime: Date(timeIntervalSince1970: testEpoch)))
    let client = BatchClient.test(simulator.transport, clock: clock)
    let folder = try TemporaryFolder()
    let tickets = (1...3).map { Ticket(id: "ticket-\($0)", text: "text \($0)") }

    // rows and files
    let rows = tickets.map { BatchRequest(customID: $0.id, endpoint: .chatCompletions, body: Prompt($0)) }
    let uploaded = try await client.uploadRequests(rows)
    let lines = try rows.map { try $0.line() }.joined()
    let requests = try folder.write(Array(lines), to: "requests.jsonl")
    let file = try await client.uploadFile(at: requests)
    _ = try await client.uploadFile(Array(lines), named: "requests.jsonl")
    for try await file in client.files(purpose: .batch) { print(file.id) }
    _ = try await client.retrieveFile(uploaded.id)
    _ = try await client.listFiles(after: nil, limit: 100, order: .descending, purpose: nil)

    // the four operations, under the names the service gives them
    let request = CreateBatchRequest(
      inputFileID: file.id, endpoint: .chatCompletions,
      completionWindow: .hours24,
      metadata: ["team": "search"],
      outputExpiresAfter: FileExpiration(anchor: .createdAt, seconds: 604_800))
    let batch = try await client.createBatch(request)
    let named = try await client.createBatch(request, key: "my-key")
    #expect(try await client.createBatch(request, key: "my-key", lookBack: .seconds(60)).id == named.id)
    let unguarded = try await client.createBatch(request, key: .unguarded)
    let now = try await client.retrieveBatch(batch.id)
    #expect(now.status == .validating)
    let cancelling = try await client.cancelBatch(unguarded.id)
    #expect(cancelling.status == .cancelling)
    let page = try await client.listBatches(after: nil, limit: 20)
    #expect(page.object == "list" && page.data.count == 3 && !page.hasMore)
    #expect(page.firstID == unguarded.id && page.lastID == batch.id)

    // all of them, page by page underneath
    for try await batch in client.batches() { print(batch.id, batch.status) }
    for try await batch in client.batches(after: nil, pageSize: 100, createdSince: nil) { print(batch.id) }
    func save(_ items: [Batch], _ next: BatchID?) { #expect(!items.isEmpty) }
    for try await page in client.batches().pages { save(page.items, page.next) }

    // waiting and results
    for try await update in client.updates(of: batch.id) { print(update.status, update.requestCounts) }
    for try await update in client.updates(of: batch.id, polling: .every(.seconds(1))) {
      print(update.batch.id)
    }
    let done = try await client.waitUntilEnded(batch.id)
    #expect(done.status == .completed)
    var texts: [String: String] = [:]
    for try await result in client.results(of: done) {
      switch result.outcome {
      case .success(let response):
        print(result.customID, response.outputText ?? "")
        texts[result.customID] = response.outputText
      case .failure(let failure): print(result.customID, failure)
      }
    }
    #expect(texts == ["ticket-1": "text 1", "ticket-2": "text 2", "ticket-3": "text 3"])
    for try await result in client.results(of: done, as: Label.self) {
      #expect(try result.outcome.get().model == "gpt-test")
    }
    for try await result in client.results(of: batch.id) {
      #expect(try result.outcome.get().statusCode == 200)
    }
    let audit = try await client.audit(done, input: requests)
    try audit.requireComplete()

    let output = try #require(done.outputFileID)
    try await client.downloadFile(output, to: "\(folder.path)/output.jsonl")
    func consume(_ chunk: ArraySlice<UInt8>) { #expect(!chunk.isEmpty) }
    for try await chunk in client.content(of: output) { consume(chunk) }
    try await client.deleteFile(file.id)
    client.wake(batch.id)
  }

  @Test func namesThingsAsTheServiceDoes() throws {
    let id: BatchID = "batch_1"
    #expect(id.rawValue == "batch_1" && "\(id)" == "batch_1")
    #expect(try JSONEncoder().encode([id]) == Data(#"["batch_1"]"#.utf8))
    #expect(CompletionWindow("48h").rawValue == "48h")
    let kinds: [RowFailure.Kind] = [
      .rejected, .expired, .cancelled, .timedOut, .missing, .invalid, .undecodable,
    ]
    #expect(Set(kinds).count == 7)
    let failure = RowFailure(.rejected, "No.", statusCode: 429)
    #expect(failure.isRetryable && failure.raw.isEmpty && failure.apiError == nil)
    let response = try BatchResponse(body: Array(#"{"usage":{"total_tokens":3}}"#.utf8))
    #expect(response.usage?.totalTokens == 3 && response.requestID == nil && response.refusal == nil)
    #expect(response.finishReason == nil && response.body.count == 28)
    _ = try response.decode(as: [String: [String: Int]].self)
    let options = CallOptions(timeout: .seconds(1), headers: [:], queryItems: [], retry: RetryPolicy.none)
    #expect(options.timeout == .seconds(1))
  }

  @Test func givesOneKindOfError() async throws {
    let client = BatchClient.test(BatchSimulator().transport)
    do throws(BatchClientError) {
      _ = try await client.retrieveBatch("batch_none")
      Issue.record("it was found")
    } catch {
      #expect(error.kind == .notFound)
      #expect(error.operation == "retrieveBatch" && error.status == 404 && error.requestID != nil)
      #expect(!error.message.isEmpty && error.apiError != nil && error.key == nil && error.attempts == 1)
      #expect(error.retryAfter == nil && error.underlying != nil && !error.isCancellation)
    }
  }
}
