// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchConformance
import OpenAIBatchSimulator
import Synchronization
import Testing

private let canary = "sk-canary-5f3a9c"

/// Everything that was logged, at any level.
private final class Log: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }

  var logger: Logger {
    struct Handler: LogHandler {
      let log: Log
      var metadata: Logger.Metadata = [:]
      var logLevel: Logger.Level = .trace
      subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
      }
      func log(event: LogEvent) {
        log.lines.withLock {
          $0.append("\(event.level) \(event.message) \(event.metadata ?? [:]) \(metadata) \(event.source)")
        }
      }
    }
    return Logger(label: "test") { _ in Handler(log: self) }
  }
}

/// Everything that a value can be made to say.
private func said(_ value: some Any) -> String {
  var dumped = ""
  dump(value, to: &dumped, maxDepth: 30)
  let localized = (value as? any Error)?.localizedDescription ?? ""
  return "\(value) \(String(describing: value)) \(String(reflecting: value)) \(dumped) \(localized)"
}

/// A server's answer that repeats the headers it was sent, as debugging proxies do.
private func echo(_ status: Int, _ request: SentRequest, asError: Bool) -> Reply {
  let fields = request.head.headerFields.map { "\($0.name): \($0.value)" }.joined(separator: "; ")
  return Reply(
    status, asError ? #"{"error":{"message":"Got \#(fields)","code":"\#(canary)"}}"# : "Got \(fields)")
}

@Suite struct SecretTests {
  private let log = Log()

  /// JSON may spell characters in more than one way, and keys have some of those.
  @Test(arguments: [
    ("sk-abc/def/ghijk", #"sk-abc\/def\/ghijk"#), ("c2stYWJj+ZGV==", #"c2stYWJj\u002BZGV=="#),
  ])
  func aKeyThatIsRepeatedInEscapesIsNotShown(key: String, spelled: String) async throws {
    let transport = ScriptedTransport { _ in
      Reply(401, #"{"error":{"message":"Bad key \#(spelled).","type":"\#(spelled)","code":"\#(spelled)"}}"#)
    }
    let error = await #expect(throws: BatchClientError.self) {
      try await client(transport, .apiKey(key)).retrieveBatch("batch_1")
    }
    #expect(error?.message == "Bad key <redacted>.")
    #expect(!said(error as Any).contains(key) && !log.all.joined().contains(key))
  }

  /// A key for a gateway, set where it is sent; a secret need not be the last word of a field.
  @Test func whatMiddlewareAddsIsNotShown() async throws {
    struct Gateway: Middleware {
      func intercept(
        _ request: TransportRequest, context: CallContext, next: Next
      ) async throws(CallFailure) -> TransportResponse {
        var request = request
        request.head.headerFields[.named("X-Gateway")] = "gw-\(canary)"
        request.head.headerFields[.cookie] = "session=cookie-\(canary); lang=en"
        return try await next(request, context)
      }
    }
    let transport = ScriptedTransport { _ in
      Reply(401, #"{"error":{"message":"Bad gw-\#(canary), bad cookie-\#(canary)."}}"#)
    }
    let client = client(transport, .apiKey("sk-another-key")) {
      $0.middleware.append(Gateway(), at: .perAttempt)
    }
    let error = await #expect(throws: BatchClientError.self) { try await client.retrieveBatch("batch_1") }
    #expect(error?.message == "Bad <redacted>, bad <redacted>.")
    #expect(!said(error as Any).contains(canary))
  }

  @Test func theVersionOfAnAPIIsNoSecret() async throws {
    let transport = ScriptedTransport { _ in
      Reply(400, #"{"error":{"message":"API version '2099-01-01' is not supported"}}"#)
    }
    let client = client(transport) { $0.queryItems = [("api-version", "2099-01-01"), ("key", canary)] }
    let error = await #expect(throws: BatchClientError.self) { try await client.retrieveBatch("batch_1") }
    #expect(error?.message.contains("2099-01-01") == true)
  }

  private func client(
    _ transport: any Transport, _ credential: Credential = .apiKey(canary),
    configure: (inout BatchClient.Configuration) -> Void = { _ in }
  ) -> BatchClient {
    BatchClient.test(transport) {
      $0.credential = credential
      $0.logger = log.logger
      configure(&$0)
    }
  }

  /// Each flow of the client, with all errors that come of it.
  private func errors(of client: BatchClient) async throws -> [any Error] {
    let folder = try TemporaryFolder()
    let request = CreateBatchRequest(inputFileID: "file-1", endpoint: .responses)
    let flows: [() async throws -> Void] = [
      { _ = try await client.createBatch(request) },
      { _ = try await client.createBatch(request, key: "own") },
      { _ = try await client.createBatch(request, key: .unguarded) },
      { _ = try await client.retrieveBatch("b") },
      { _ = try await client.cancelBatch("b") },
      { _ = try await client.listBatches() },
      { for try await _ in client.batches() {} },
      { for try await _ in client.files() {} },
      { _ = try await client.retrieveFile("f") },
      { _ = try await client.deleteFile("f") },
      { _ = try await client.uploadFile([1], named: "a") },
      { for try await _ in client.content(of: "f") {} },
      { _ = try await client.downloadFile("f", to: "\(folder.path)/x") },
      { for try await _ in client.results(of: "b" as BatchID) {} },
      { _ = try await client.waitUntilEnded("b", timeout: .seconds(30)) },
    ]
    var errors: [any Error] = []
    for flow in flows {
      do { try await flow() } catch { errors.append(error) }
    }
    return errors
  }

  private func expectSilence(_ errors: [any Error], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(!errors.isEmpty, sourceLocation: sourceLocation)
    for error in errors {
      #expect(!said(error).contains(canary), sourceLocation: sourceLocation)
      var cause = (error as? BatchClientError)?.underlying
      while let next = cause {
        #expect(!said(next).contains(canary), sourceLocation: sourceLocation)
        cause = (next as? BatchClientError)?.underlying ?? (next as? TransportFailure)?.underlying
      }
    }
    #expect(!log.all.isEmpty, sourceLocation: sourceLocation)
    #expect(log.all.allSatisfy { !$0.contains(canary) }, sourceLocation: sourceLocation)
    let loud = log.all.filter { !$0.hasPrefix("debug") && !$0.hasPrefix("trace") }
    // That a wait of hours gets no answers is for people to know.
    #expect(loud.allSatisfy { $0.hasPrefix("notice polls fail") }, sourceLocation: sourceLocation)
  }

  @Test(arguments: [200, 400, 401, 404, 429, 500, 503, 302], [true, false])
  func areNotRepeatedAfterAServer(status: Int, asError: Bool) async throws {
    let credentials: [Credential] = [
      .apiKey(canary), .bearer { canary }, .header("api-key", canary),
    ]
    for credential in credentials {
      let transport = ScriptedTransport { echo(status, $0, asError: asError) }
      expectSilence(try await errors(of: client(transport, credential)))
      #expect(transport.requests.contains { said($0.head.headerFields).contains(canary) }, "it was sent")
    }
  }

  @Test func areTakenOutOfWhatAServerSaysAndNothingElse() async throws {
    let transport = ScriptedTransport { _ in
      Reply(
        400, headers: [.named("x-request-id"): "trace-0123456789"],
        #"{"error":{"message":"The key \#(canary) is not for gpt-test in trace-0123456789."}}"#)
    }
    let options = CallOptions(headers: [.named("X-Client-Request-Id"): "trace-0123456789"])
    let error = try await failure { try await client(transport).retrieveBatch("b", options: options) }
    #expect(error.message == "The key <redacted> is not for gpt-test in trace-0123456789.")
    #expect(error.requestID == "trace-0123456789")
  }

  @Test(arguments: TransportFailure.Kind.allCases)
  func areNotInATransportsFailure(kind: TransportFailure.Kind) async throws {
    let transport = ScriptedTransport { _ throws(TransportFailure) in throw .scripted(kind) }
    expectSilence(try await errors(of: client(transport)))
  }

  @Test(arguments: Wire.allCases)
  func areNotInTheErrorsOfRealTransports(wire: Wire) async throws {
    let server = try LoopbackServer { connection in _ = connection.readRequest() }
    defer { server.stop() }
    let client = BatchClient.loopback(server, wire) {
      $0.credential = .apiKey(canary)
      $0.clock = PolicyClock(VirtualClock())
      $0.logger = log.logger
    }
    expectSilence(try await errors(of: client))
    #expect(!said(wire.transport).contains(canary))
  }

  @Test(arguments: ["\(canary)\n", "\(canary) x", "\(canary)é", "\t\(canary)"])
  func areNotRepeatedWhenMalformed(key: String) async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    expectSilence(try await errors(of: client(transport, .apiKey(key))))
    expectSilence(try await errors(of: client(transport, .header("api-key", key))))
    expectSilence(try await errors(of: client(transport, .bearer { key })))
    #expect(transport.requests.isEmpty)
    let error = try await failure { try BatchClient.Configuration.fromEnvironment(["OPENAI_API_KEY": key]) }
    #expect(!said(error).contains(canary))
  }

  @Test func areNotInAnyValue() async throws {
    let simulator = BatchSimulator()
    let configuration = BatchClient.Configuration(
      apiKey: canary, baseURL: "https://api.example/v1?key=\(canary)")
    let options = CallOptions(headers: [.named("X-Key"): canary], queryItems: [("key", canary)])
    let client = client(simulator.transport) {
      $0.headers = [.named("X-Key"): canary]
      $0.queryItems = [("key", canary)]
    }
    let request = TransportRequest(
      head: HTTPRequest(
        method: .get, scheme: "https", authority: "h", path: "/?key=\(canary)",
        headerFields: [.authorization: "Bearer \(canary)"]), operation: "x")
    let values: [Any] = [
      configuration, configuration.credential, client, options, request,
      client.content(of: "f", options: options), client.updates(of: "b", options: options),
      client.results(of: "b" as BatchID, options: options),
      client.results(of: "b" as BatchID, as: String.self, options: options),
      client.batches(options: options), client.files(options: options),
      client.content(of: "f", options: options).makeAsyncIterator(),
      client.batches(options: options).makeAsyncIterator(),
    ]
    for value in values { #expect(!said(value).contains(canary), "\(type(of: value))") }
    #expect(said(configuration).contains("api.example"))
    #expect(said(configuration.credential).contains("<redacted>"))
  }

  @Test func areNotInTheLogsOfACallThatWorks() async throws {
    let client = client(BatchSimulator().transport) {
      $0.headers = [.named("X-Key"): canary]
      $0.queryItems = [("key", canary)]
    }
    let file = try await client.uploadFile(Array("{}\n".utf8), named: "\(canary).jsonl")
    _ = try await client.retrieveFile(file.id)
    _ = try await client.listBatches()
    try await client.deleteFile(file.id)
    #expect(log.all.count >= 8)
    #expect(log.all.allSatisfy { !$0.contains(canary) && !$0.contains(file.id.rawValue) })
  }
}
