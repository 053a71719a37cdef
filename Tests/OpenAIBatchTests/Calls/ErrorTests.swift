// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import OpenAIBatchConformance
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A status with the kind of error that it is.
struct StatusRow: Sendable, CustomTestStringConvertible {
  var status: Int
  var body = #"{"error":{"message":"No.","type":"t","param":"p","code":"c"}}"#
  var kind: BatchClientError.Kind
  var attempts = 1
  var testDescription: String { "\(status) \(body.prefix(60))" }
}

private let statuses: [StatusRow] = [
  StatusRow(status: 400, kind: .rejected), StatusRow(status: 401, kind: .unauthorized),
  StatusRow(status: 402, kind: .rejected), StatusRow(status: 403, kind: .unauthorized),
  StatusRow(status: 404, kind: .notFound), StatusRow(status: 405, kind: .rejected),
  StatusRow(status: 408, kind: .rejected, attempts: 3), StatusRow(status: 409, kind: .conflict, attempts: 3),
  StatusRow(status: 410, kind: .rejected), StatusRow(status: 413, kind: .rejected),
  StatusRow(status: 422, kind: .rejected), StatusRow(status: 429, kind: .rateLimited, attempts: 3),
  StatusRow(status: 500, kind: .serverError, attempts: 3),
  StatusRow(status: 501, kind: .serverError), StatusRow(status: 502, kind: .serverError, attempts: 3),
  StatusRow(status: 503, kind: .serverError, attempts: 3),
  StatusRow(status: 504, kind: .serverError, attempts: 3),
  StatusRow(status: 529, kind: .serverError, attempts: 3), StatusRow(status: 599, kind: .serverError),
  StatusRow(status: 300, kind: .redirected), StatusRow(status: 304, kind: .redirected),
]

private let billing = [
  "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
  "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_hard_limit_reached",
  "billing_not_active",
]

@Suite struct ErrorTests {
  /// Read as what it is not, every row of such a file would count as missing.
  @Test(arguments: [("gzip", true), ("GZIP, br", true), ("identity", false), ("Identity", false)])
  func anEncodedAnswerIsRefused(encoding: String, isRefused: Bool) async throws {
    let transport = ScriptedTransport { _ in
      Reply(headers: [.contentEncoding: encoding], #"{"custom_id":"a"}"#)
    }
    let client = BatchClient.test(transport)
    func read() async throws {
      for try await _ in client.content(of: "file-1") {}
    }
    guard isRefused else { return try await read() }
    let error = try await failure { try await read() }
    #expect(error.kind == .malformedResponse)
    #expect(error.message.contains(encoding))
    #expect(transport.requests.count == 1)
  }

  @Test(arguments: statuses)
  func saysWhatAStatusMeans(row: StatusRow) async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { _ in
      Reply(row.status, headers: [.named("x-request-id"): "req_1"], row.body)
    }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).retrieveBatch("batch_1")
    }
    #expect(error.kind == row.kind)
    #expect(error.operation == "retrieveBatch")
    #expect(error.status == row.status)
    #expect(error.requestID == "req_1")
    #expect(error.attempts == row.attempts)
    #expect(error.retryAfter == nil && error.key == nil && !error.isCancellation)
    #expect(error.apiError == APIError(message: "No.", type: "t", param: "p", code: "c"))
    #expect(error.underlying is StatusFailure)
    if row.kind != .redirected { #expect(error.message == "No.") }
    #expect(
      error.description.hasPrefix("retrieveBatch: ")
        && error.description.contains("(status \(row.status)) [c]")
        && error.description.contains("request id req_1"))
    #expect(transport.requests.count == row.attempts)
  }

  /// Who wants no limit may well say so.
  @Test func theLongestTimeoutIsOne() async throws {
    let transport = ScriptedTransport { _ in Reply(200, "abc") }
    let client = BatchClient.test(transport) { $0.clock = .system }
    let options = CallOptions(timeout: .seconds(Int64.max))
    var content = client.content(of: "file-1", options: options).makeAsyncIterator()
    #expect(try await content.next().map(Array.init) == Array("abc".utf8))
  }

  /// Some providers name it in the type only, or in a list.
  @Test(arguments: [
    #"{"error":{"message":"No more","type":"insufficient_quota","code":null}}"#,
    #"[{"error":{"message":"No more","code":"insufficient_quota"}}]"#,
  ])
  func moneyIsMissingInOtherShapes(body: String) async throws {
    let transport = ScriptedTransport { _ in Reply(429, body) }
    let error = try await failure { try await BatchClient.test(transport).retrieveBatch("batch_1") }
    #expect(error.kind == .billing && error.attempts == 1)
    #expect(error.message == "No more")
  }

  @Test(arguments: billing)
  func knowsThatMoneyIsMissing(code: String) async throws {
    let transport = ScriptedTransport { _ in
      Reply(429, headers: [.retryAfter: "1"], #"{"error":{"message":"Pay.","code":"\#(code)"}}"#)
    }
    let error = try await failure { try await BatchClient.test(transport).retrieveBatch("b") }
    #expect(error.kind == .billing)
    #expect(error.apiError?.code?.rawValue == code)
    #expect(transport.requests.count == 1)
  }

  @Test(arguments: [
    ("", "The server answered with status 400."), ("<html>x</html>", "The server answered with status 400."),
    ("plain text", "plain text"), (#"{"detail":"Nope."}"#, "Nope."), (#"{"error":"text"}"#, "text"),
    (#"{"message":"bare"}"#, "bare"), (#"{"errors":{"data":[{"message":"first","code":"x"}]}}"#, "first"),
  ])
  func readsAnyShapeOfError(body: String, message: String) async throws {
    let transport = ScriptedTransport { _ in Reply(400, body) }
    let error = try await failure { try await BatchClient.test(transport).retrieveBatch("b") }
    #expect(error.message == message)
  }

  @Test func readsAnErrorThatIsLongerThanWhatIsKept() async throws {
    let long = String(repeating: "very long ", count: 5000)
    let transport = ScriptedTransport { _ in
      Reply(400, #"{"error":{"message":"\#(long)","type":"t","param":"p","code":"invalid_value"}}"#)
    }
    let error = try await failure { try await BatchClient.test(transport).retrieveBatch("b") }
    #expect(error.apiError?.code == "invalid_value")
    #expect(error.apiError?.param == "p")
    #expect(error.message.hasPrefix("very long very long"))
    #expect(error.message.utf8.count <= 4096)
  }

  @Test func keepsTheStatusThoughTheBodyBreaksOff() async throws {
    let transport = ScriptedTransport { _ in
      Reply(404, bytes: Array(#"{"error":{"mess"#.utf8), failure: .scripted(.truncated))
    }
    #expect(try await failure { try await BatchClient.test(transport).retrieveBatch("b") }.kind == .notFound)
  }

  @Test(
    arguments: [
      ("20", nil, 20_000), ("0.5", nil, 500), (nil, "1500", 1500), ("9", "250", 250),
      ("Fri, 15 Jan 2027 08:01:00 GMT", nil, 60_000), ("0", nil, nil), ("nonsense", nil, nil),
      ("-5", nil, nil),
    ] as [(String?, String?, Int?)])
  func saysHowLongToWait(retryAfter: String?, milliseconds: String?, delay: Int?) async throws {
    let transport = ScriptedTransport { _ in
      var headers = HTTPFields()
      headers[.retryAfter] = retryAfter
      headers[.named("retry-after-ms")] = milliseconds
      return Reply(429, headers: headers)
    }
    let client = BatchClient.test(transport) { $0.retry = .none }
    let error = try await failure { try await client.retrieveBatch("b") }
    #expect(error.kind == .rateLimited)
    #expect(error.retryAfter == delay.map { Duration.milliseconds($0) })
  }

  @Test(arguments: [
    (TransportFailure.Kind.notSent, BatchClientError.Kind.connection, 3), (.interrupted, .connection, 3),
    (.truncated, .connection, 3), (.timedOut, .timedOut, 3), (.insecure, .insecure, 1),
    (.proxy, .connection, 1),
    (.tooLarge, .malformedResponse, 1), (.malformed, .malformedResponse, 1),
    (.invalid, .invalidConfiguration, 1),
    (.body, .file, 1), (.cancelled, .cancelled, 1), (.shutDown, .shutDown, 1),
  ])
  func saysWhatATransportsFailureMeans(
    kind: TransportFailure.Kind, meaning: BatchClientError.Kind, attempts: Int
  ) async throws {
    let transport = ScriptedTransport { _ throws(TransportFailure) in throw .scripted(kind) }
    let error = try await failure { try await BatchClient.test(transport).retrieveBatch("b") }
    #expect(error.kind == meaning)
    #expect(error.status == nil)
    #expect(error.message == "Scripted: \(kind.rawValue).")
    #expect(error.attempts == attempts)
    #expect((error.underlying as? TransportFailure)?.kind == kind)
    #expect(error.isCancellation == (kind == .cancelled))
  }

  @Test(arguments: [(TransportFailure.Kind.tooLarge, "It could not be kept. "), (.body, "")])
  func aDiskThatIsFullIsNoFaultOfTheServers(kind: TransportFailure.Kind, words: String) async throws {
    let cause = FileFailure(path: "/tmp/spool", action: "write", code: ENOSPC)
    let transport = ScriptedTransport { _ throws(TransportFailure) in
      throw TransportFailure(kind, "It could not be kept.", underlying: cause)
    }
    let error = try await failure { try await BatchClient.test(transport).retrieveBatch("b") }
    #expect(error.kind == .file)
    #expect(error.message == words + "/tmp/spool: cannot write: No space left on device")
  }

  @Test(arguments: ["", "<html>\n<b>Sign in</b>", "{}", "[]", "null", "{\"id\":", "\u{FEFF}{}", #"{"id":7}"#])
  func saysThatAnAnswerIsNone(body: String) async throws {
    let transport = ScriptedTransport { _ in Reply(200, headers: [.named("x-request-id"): "req_1"], body) }
    let error = try await failure { try await BatchClient.test(transport).retrieveBatch("b") }
    #expect(error.kind == .malformedResponse)
    #expect(error.status == 200 && error.requestID == "req_1" && error.attempts == 1)
    #expect(!error.message.contains("\n"))
    if body.hasPrefix("<") { #expect(error.message.contains("<html> <b>Sign in</b>")) }
    if body.isEmpty { #expect(error.message.contains("(empty)")) }
  }

  @Test func readsNoMoreThanItMay() async throws {
    let transport = ScriptedTransport { _ in
      var reply = Reply(200)
      reply.chunks = Array(repeating: Array(repeating: 0x20, count: 1 << 10), count: 1000)
      return reply
    }
    let client = BatchClient.test(transport) { $0.maximumResponseLength = 100 << 10 }
    let error = try await failure { try await client.retrieveBatch("b") }
    #expect(error.kind == .malformedResponse)
    #expect(error.message.contains("102400"))
    #expect(transport.requests.count == 1)
  }

  @Test func retriesABodyThatBreaksOff() async throws {
    let transport = ScriptedTransport { request in
      request.number == 1
        ? Reply(200, bytes: [0x7B], failure: .scripted(.truncated)) : Reply(200, batchText())
    }
    _ = try await BatchClient.test(transport).retrieveBatch("b")
    #expect(transport.requests.count == 2)
  }

  @Test func takesADeletionThatWasRetriedForDone() async throws {
    let transport = ScriptedTransport { request throws(TransportFailure) in
      if request.number == 1 { throw .scripted(.interrupted) }
      return Reply(404)
    }
    let deletion = try await BatchClient.test(transport).deleteFile("file-1")
    #expect(deletion == FileDeletion(id: "file-1", deleted: true))
    let unknown = ScriptedTransport { _ in Reply(404) }
    #expect(try await failure { try await BatchClient.test(unknown).deleteFile("f") }.kind == .notFound)
  }

  @Test func coversTheWholeCallWithItsTimeout() async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      try? await clock.sleep(for: min(request.timeouts.total ?? .seconds(1000), .seconds(3)))
      throw .scripted(.timedOut)
    }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).retrieveBatch(
        "b", options: CallOptions(timeout: .seconds(4), retry: RetryPolicy(maxAttempts: 10)))
    }
    #expect(error.kind == .timedOut)
    #expect(clock.elapsed <= .seconds(4))
  }

  @Test(.timeLimit(.minutes(1)))
  func coversTheWordsOfAStreamsErrorWithItsTimeout() async throws {
    let transport = ScriptedTransport { _ in
      var reply = Reply(404, #"{"error":{"message":"No such file","code":"gone"}}"#)
      reply.stalls = true
      return reply
    }
    let client = BatchClient.test(transport, clock: VirtualClock())
    let error = try await failure {
      for try await _ in client.content(of: "file-1", options: CallOptions(timeout: .seconds(4))) {}
    }
    #expect(error.kind == .notFound)
    #expect(error.apiError?.message == "No such file", "what came in time is kept")
  }

  @Test(arguments: Wire.allCases)
  func namesAnUnreachableServer(wire: Wire) async throws {
    let server = try LoopbackServer { _ in }
    let port = server.port
    server.stop()
    let client = BatchClient.loopback(server, wire) {
      $0.clock = PolicyClock(VirtualClock())
    }
    let error = try await failure { try await client.retrieveBatch("b") }
    #expect(error.kind == .connection)
    #expect(error.attempts == 3)
    #expect((error.underlying as? TransportFailure)?.kind == .notSent)
    #expect(error.message.contains("127.0.0.1:\(port)") || error.message.contains("127.0.0.1"))
  }
}
