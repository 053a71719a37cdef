// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Synchronization
import Testing

/// What can go wrong with a create so that nobody knows whether there is a batch.
enum Doubt: Sendable, CustomTestStringConvertible {
  case transport(TransportFailure.Kind)
  case status(Int, HTTPFields)
  case answer(String)
  case brokenBody

  var testDescription: String {
    switch self {
    case .transport(let kind): "\(kind)"
    case .status(let status, let headers): "\(status) \(headers.map { "\($0.name): \($0.value)" })"
    case .answer(let text): "200 with \"\(text.prefix(30))\""
    case .brokenBody: "200 with a body that breaks off"
    }
  }

  func reply(_ request: SentRequest) throws(TransportFailure) -> Reply {
    switch self {
    case .transport(let kind): throw .scripted(kind)
    case .status(let status, let headers): Reply(status, headers: headers, #"{"error":{"message":"x"}}"#)
    case .answer(let text): Reply(200, text)
    case .brokenBody: Reply(200, bytes: Array(#"{"id":"#.utf8), failure: .scripted(.truncated))
    }
  }

  static let all: [Doubt] =
    [.interrupted, .timedOut, .truncated, .malformed, .tooLarge].map(Doubt.transport)
    + [408, 500, 502, 503, 504, 520, 529, 599].map { .status($0, [:]) }
    + [
      .status(500, [.named("x-should-retry"): "true"]), .status(408, [.named("x-should-retry"): "true"]),
      .status(500, [.named("x-should-retry"): "false"]), .status(500, [.retryAfter: "1"]),
      .status(503, [.retryAfter: "soon"]), .status(503, [.retryAfter: "0"]),
    ]
    + ["", "<html>Bad gateway</html>", "{}", #"{"id":""}"#, "null"]
    .map(Doubt.answer) + [.brokenBody]
}

private let request = CreateBatchRequest(inputFileID: "file-2", endpoint: .responses)
private let post = "POST /v1/batches"
private let list = "GET /v1/batches"

@Suite struct ReconcileTests {
  @Test(arguments: Doubt.all)
  func adoptsTheBatchWhoseAnswerWasLost(doubt: Doubt) async throws {
    let clock = VirtualClock()
    let service = FakeBatches()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      return request.method == "POST" ? try doubt.reply(request) : reply
    }
    let batch = try await BatchClient.test(transport, clock: clock).createBatch(request)
    #expect(service.live.map(\.id) == [batch.id.rawValue])
    #expect(transport.lines == [post, list])
    #expect(clock.elapsed == .zero)
  }

  @Test(arguments: Doubt.all)
  func adoptsItTenSecondsLater(doubt: Doubt) async throws {
    let clock = VirtualClock()
    let service = FakeBatches()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      // The service is slow: the list shows the batch only after a while.
      if request.method == "GET" {
        return clock.elapsed < .seconds(9) ? Reply(200, #"{"data":[]}"#) : service.reply(to: request)
      }
      _ = service.reply(to: request)
      return try doubt.reply(request)
    }
    let batch = try await BatchClient.test(transport, clock: clock).createBatch(request)
    #expect(service.live.map(\.id) == [batch.id.rawValue])
    #expect(transport.lines == [post, list, list])
    #expect(clock.sleeps == [.seconds(10)])
  }

  @Test(arguments: Doubt.all)
  func sendsOnceMoreWhenThereIsNone(doubt: Doubt) async throws {
    let clock = VirtualClock()
    let service = FakeBatches()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      request.number == 1 ? try doubt.reply(request) : service.reply(to: request)
    }
    let batch = try await BatchClient.test(transport, clock: clock).createBatch(request)
    #expect(service.live.map(\.id) == [batch.id.rawValue])
    #expect(transport.lines == [post, list, list, post, list])
    #expect(clock.sleeps == [.seconds(10)])
    let posts = transport.requests.filter { $0.method == "POST" }
    #expect(posts[0].body == posts[1].body, "the same key both times")
  }

  @Test(arguments: Doubt.all)
  func givesUpAfterTheSecondTime(doubt: Doubt) async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      request.method == "POST" ? try doubt.reply(request) : Reply(200, #"{"data":[]}"#)
    }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).createBatch(request)
    }
    #expect(error.kind == .outcomeUnknown)
    #expect(error.operation == "createBatch")
    #expect(transport.lines == [post, list, list, post, list, list])
    #expect(clock.sleeps == [.seconds(10), .seconds(10)])
    let key = try #require(error.key)
    let sent = try object(transport.requests[0].body)["metadata"] as? [String: String]
    #expect(sent?["openai_batch_key"] == key.description)
    #expect("\(error)".contains(key.description))
  }

  @Test(arguments: Doubt.all)
  func keepsTheKeyWhenTheListCannotBeRead(doubt: Doubt) async throws {
    let service = FakeBatches()
    let isBroken = Mutex(true)
    let transport = ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      guard isBroken.withLock({ $0 }) else { return reply }
      return request.method == "POST" ? try doubt.reply(request) : Reply(500)
    }
    let client = BatchClient.test(transport)
    let error = try await failure { try await client.createBatch(request) }
    #expect(error.kind == .outcomeUnknown)
    #expect(transport.lines.filter { $0 == post }.count == 1)

    isBroken.withLock { $0 = false }
    let batch = try await client.createBatch(request, key: try #require(error.key))
    #expect(service.all.map(\.id) == [batch.id.rawValue], "adopted by the key of the error")
  }

  /// Seconds by which the service's clock differs from ours.
  @Test(arguments: [-100_000, -3000, 599, 100_000])
  func adoptsWhateverTheClocksSay(skew: Int) async throws {
    let service = FakeBatches(
      [FakeBatches.Entry(id: "older", createdAt: Int(testEpoch) + skew - 10)],
      now: { Int(testEpoch) + skew })
    let transport = ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      if request.method == "POST" { throw .scripted(.interrupted) }
      return reply
    }
    let batch = try await BatchClient.test(transport).createBatch(request)
    #expect(batch.id == "batch_2" && service.all.count == 2)
  }

  @Test func outlivesAFirstLookThatFails() async throws {
    let clock = VirtualClock()
    let service = FakeBatches()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      if request.method == "POST" { throw .scripted(.interrupted) }
      return clock.elapsed < .seconds(10) ? Reply(502) : reply
    }
    let batch = try await BatchClient.test(transport, clock: clock).createBatch(request)
    #expect(service.live.map(\.id) == [batch.id.rawValue])
    #expect(transport.lines.filter { $0 == post }.count == 1)
  }

  @Test(arguments: [
    "401": 401, "403": 403, "400": 400, "404": 404, "409": 409, "413": 413, "422": 422, "302": 302,
  ])
  func believesARefusal(name: String, status: Int) async throws {
    let transport = ScriptedTransport { _ in
      Reply(status, headers: [.named("x-should-retry"): "true", .location: "https://else.example/"])
    }
    let error = try await failure { try await BatchClient.test(transport).createBatch(request) }
    #expect(error.status == status)
    #expect(error.key == nil)
    #expect(transport.lines == [post])
  }

  @Test(arguments: [
    TransportFailure.Kind.insecure, .proxy, .invalid, .shutDown,
  ])
  func believesThatNothingWasSent(kind: TransportFailure.Kind) async throws {
    let transport = ScriptedTransport { _ throws(TransportFailure) in throw .scripted(kind) }
    let error = try await failure { try await BatchClient.test(transport).createBatch(request) }
    #expect((error.underlying as? TransportFailure)?.kind == kind)
    #expect(transport.lines == [post])
  }

  @Test func asksAgainAfterWhatWasNotTaken() async throws {
    let clock = VirtualClock()
    let service = FakeBatches()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      switch request.number {
      case 1: throw .scripted(.notSent)
      case 2: return Reply(429, headers: [.retryAfter: "20"])
      default: return service.reply(to: request)
      }
    }
    _ = try await BatchClient.test(transport, clock: clock).createBatch(request)
    #expect(transport.lines == [post, post, post])
    #expect(clock.sleeps == [.milliseconds(250), .milliseconds(20_500)])
    #expect(service.live.count == 1)
  }

  @Test func asksAgainWhenTheServerSaysWhen() async throws {
    let clock = VirtualClock()
    let service = FakeBatches()
    let transport = ScriptedTransport { request in
      request.number < 3 ? Reply(503, headers: [.retryAfter: "2"]) : service.reply(to: request)
    }
    _ = try await BatchClient.test(transport, clock: clock).createBatch(request)
    #expect(transport.lines == [post, post, post])
    #expect(clock.sleeps == [.milliseconds(2100), .milliseconds(2100)])
  }

  @Test(arguments: [503, 429])
  func believesAServerThatWantsALongPause(status: Int) async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { _ in Reply(status, headers: [.retryAfter: "3600"]) }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).createBatch(request)
    }
    #expect(error.kind == (status == 503 ? .serverError : .rateLimited))
    #expect(error.retryAfter == .seconds(3600))
    #expect(transport.lines == [post])
    #expect(clock.elapsed == .zero)
  }

  @Test func neverAsksAgainForMoney() async throws {
    let transport = ScriptedTransport { _ in
      Reply(429, headers: [.retryAfter: "1"], #"{"error":{"message":"Pay.","code":"insufficient_quota"}}"#)
    }
    let error = try await failure { try await BatchClient.test(transport).createBatch(request) }
    #expect(error.kind == .billing)
    #expect(transport.lines == [post])
  }

  @Test(arguments: Doubt.all)
  func neverLooksWhenUnguarded(doubt: Doubt) async throws {
    let transport = ScriptedTransport { request throws(TransportFailure) in try doubt.reply(request) }
    let error = try await failure {
      try await BatchClient.test(transport).createBatch(request, key: .unguarded)
    }
    #expect(error.kind == .outcomeUnknown)
    #expect(error.key == nil)
    #expect(transport.lines == [post])
  }

  @Test(arguments: [RetryPolicy.none, RetryPolicy(maxAttempts: 100)])
  func cannotBeTalkedIntoRepeating(policy: RetryPolicy) async throws {
    let service = FakeBatches()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      if request.method == "POST" { throw .scripted(.interrupted) }
      return reply
    }
    let client = BatchClient.test(transport) { $0.retry = policy }
    _ = try await client.createBatch(request, options: CallOptions(retry: policy))
    #expect(service.all.count == 1)
  }

  /// A middleware that throws its own error after the answer has come.
  private struct Spoiler: Middleware {
    func intercept(
      _ request: TransportRequest, context: CallContext, next: Next
    ) async throws(CallFailure) -> TransportResponse {
      let response = try await next(request, context)
      guard context.effect == .creates else { return response }
      throw CallFailure(.middleware(CancellationError()))
    }
  }

  @Test(arguments: [MiddlewarePosition.perCall, .perAttempt])
  func adoptsWhatAMiddlewareLost(position: MiddlewarePosition) async throws {
    let service = FakeBatches()
    let transport = ScriptedTransport { service.reply(to: $0) }
    let client = BatchClient.test(transport) { $0.middleware.append(Spoiler(), at: position) }
    let batch = try await client.createBatch(request)
    #expect(service.live.map(\.id) == [batch.id.rawValue])
    #expect(transport.lines == [post, list])
  }

  @Test func knowsThatAFailingVaultSentNothing() async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    let client = BatchClient.test(transport) { $0.credential = .bearer { throw UnexpectedSuccess() } }
    let error = try await failure { try await client.createBatch(request) }
    #expect(error.kind == .middleware)
    #expect(error.underlying is UnexpectedSuccess)
    #expect(transport.requests.isEmpty)
  }
}
