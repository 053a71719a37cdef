// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import InMemoryLogging
import Logging
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchMiddleware

struct LoggingMiddlewareTests {
  private func log(
    _ answers: [ScriptedTransport.Answer], perAttempt: [any Middleware] = []
  ) async -> [InMemoryLogHandler.Entry] {
    let handler = InMemoryLogHandler()
    var logger = Logger(label: "test") { _ in handler }
    logger.logLevel = .trace
    let clock = ManualClock()
    let logging = LoggingMiddleware(logger, clock: PolicyClock(clock))
    let rig = Rig(
      clock: clock, transport: ScriptedTransport(clock: clock, answers),
      perCall: [logging, CanaryMiddleware()],
      perAttempt: [CredentialMiddleware(.apiKey("sk-canary"))] + perAttempt, random: { 0 })
    _ = await rig.call(.safe, body: .bytes(Array("body-canary".utf8)))
    return handler.entries
  }

  @Test func anAnswer() async {
    let entries = await log([.status(500), .status(201, [.requestID: "req_1"])])
    #expect(entries.map(\.message) == ["call started", "call answered"])
    #expect(entries.map(\.level) == [.trace, .debug])
    #expect(entries[0].metadata == ["operation": "test"])
    #expect(
      entries[1].metadata == [
        "operation": "test", "status": "201", "request_id": "req_1", "duration_ms": "50",
      ])
  }

  @Test func eachRetry() async {
    let handler = InMemoryLogHandler()
    var logger = Logger(label: "test") { _ in handler }
    logger.logLevel = .trace
    let clock = ManualClock()
    let retry = RetryMiddleware(
      policy: RetryPolicy(maxAttempts: 3), budget: RetryBudget(capacity: 14), clock: PolicyClock(clock),
      random: { 0 }, logger: logger)
    let rig = Rig(
      clock: clock, transport: ScriptedTransport(clock: clock, [.status(500), .failure(.interrupted)]),
      policy: .none, perCall: [LoggingMiddleware(logger, clock: PolicyClock(clock)), retry], random: { 0 })
    _ = await rig.call()
    #expect(
      handler.entries.map(\.message) == ["call started", "attempt failed, trying again", "call failed"])
    #expect(
      handler.entries[1].metadata == [
        "operation": "test", "status": "500", "attempts": "1", "delay_ms": "50",
      ])
    #expect(
      handler.entries[2].metadata == [
        "operation": "test", "failure": "interrupted", "attempts": "2", "retry_budget": "exhausted",
        "duration_ms": "50",
      ])
  }

  @Test func aStatus() async {
    let fields: HTTPFields = [.requestID: "req_2", .scriptedCode: "insufficient_quota"]
    let entries = await log([.status(500), .status(429, fields)])
    #expect(entries.map(\.level) == [.trace, .debug])
    #expect(
      entries[1].metadata == [
        "operation": "test", "status": "429", "code": "insufficient_quota", "request_id": "req_2",
        "attempts": "2", "duration_ms": "50",
      ])
  }

  @Test func otherFailures() async {
    struct Broken: Error {}
    let kinds = await [
      log([.failure(.insecure)]), log([], perAttempt: [Thrower { CallFailure(.configuration("canary")) }]),
      log([], perAttempt: [Thrower { CallFailure(.middleware(Broken())) }]),
    ].map { $0.last?.metadata["failure"] }
    #expect(kinds == ["insecure", "configuration", "middleware"])
  }

  /// Whatever happens: nothing above debug, and nothing of a path, a query, a header, a body or a key.
  @Test func nothingSecretAndNothingLoud() async {
    struct Canary: Error { let text = "canary" }
    let fields: HTTPFields = [
      .location: "https://canary.test/?sig=canary", .setCookie: "canary", .retryAfter: "canary",
    ]
    let body = Array("{\"error\":\"canary\"}".utf8)
    let scripted = TransportFailure(.malformed, "canary", underlying: Canary())
    let runs = await [
      log([.status(200, fields, body: body)]), log([.status(302, fields, body: body)]),
      log(Array(repeating: .status(500, fields, body: body), count: 3)), log([.failure(scripted)]),
      log([], perAttempt: [Thrower { CallFailure(.configuration("canary")) }]),
      log([], perAttempt: [Thrower { CallFailure(.middleware(Canary())) }]),
    ]
    for entry in runs.joined() {
      #expect(entry.level <= .debug)
      #expect(entry.error == nil)
      #expect(!"\(entry.message) \(entry.metadata)".lowercased().contains("canary"))
    }
    #expect(runs.allSatisfy { $0.count == 2 })
  }

  @Test func aServerCannotForgeALineOfTheLog() async {
    let code = "x\n2026-01-01 error: forged\u{1B}[31m " + String(repeating: "y", count: 10_000)
    let failure = StatusFailure(head: HTTPResponse(status: 400), body: [], code: code, isBilling: false)
    let entries = await log([], perAttempt: [Thrower { CallFailure(.status(failure)) }])
    let logged = entries.last?.metadata["code"]?.description ?? ""
    #expect(logged.utf8.allSatisfy { 0x21...0x7E ~= $0 })
    #expect(logged.count == 128)
    #expect(logged.hasPrefix("x?2026"))
  }
}

/// Fills each part of a request with a word to look for.
private struct CanaryMiddleware: Middleware {
  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    var request = request
    request.head.path = "/v1/canary?canary=canary"
    request.head.authority = "canary.test"
    request.head.headerFields[.cookie] = "canary"
    return try await next(request, context)
  }
}

/// Fails instead of going on.
struct Thrower: Middleware {
  let failure: @Sendable () -> CallFailure

  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    throw failure()
  }
}
