// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import Synchronization

/// A request as a transport got it.
struct SentRequest: Sendable {
  let head: HTTPRequest
  let body: [UInt8]
  let timeouts: Timeouts
  let operation: String
  /// The number among all requests of the transport, counted from 1.
  let number: Int

  var method: String { head.method.rawValue }
  /// Path and query.
  var target: String { head.path ?? "" }
  var path: String { String(target.prefix { $0 != "?" }) }
  var text: String { String(decoding: body, as: UTF8.self) }
  /// Method and path, such as `POST /v1/batches`.
  var line: String { "\(method) \(path)" }
}

/// What a scripted transport answers.
struct Reply: Sendable {
  var status = 200
  var headers: HTTPFields = [:]
  var chunks: [[UInt8]] = []
  /// What breaks the body off after its chunks.
  var failure: TransportFailure?
  /// Whether nothing comes after the chunks, not even the end.
  var stalls = false

  init(_ status: Int = 200, headers: HTTPFields = [:], _ body: String = "") {
    self.init(status, headers: headers, bytes: Array(body.utf8))
  }

  init(_ status: Int = 200, headers: HTTPFields = [:], bytes: [UInt8], failure: TransportFailure? = nil) {
    self.status = status
    self.headers = headers
    self.chunks = bytes.isEmpty ? [] : [bytes]
    self.failure = failure
  }
}

/// A transport whose other end is a function.
final class ScriptedTransport: Transport {
  typealias Script = @Sendable (SentRequest) async throws(TransportFailure) -> Reply
  private let script: Script
  private let log = Mutex<[SentRequest]>([])

  init(_ script: @escaping Script) { self.script = script }

  /// All requests so far.
  var requests: [SentRequest] { log.withLock { $0 } }
  /// Method and path of all requests so far.
  var lines: [String] { requests.map(\.line) }

  func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    guard !Task.isCancelled else {
      throw TransportFailure(.cancelled, "Cancelled.", mayHaveReachedServer: false)
    }
    let reader = try await request.body.open()
    var body: [UInt8] = []
    while let chunk = try await reader.next() { body += chunk }
    let content = body
    let sent = log.withLock { log in
      let sent = SentRequest(
        head: request.head, body: content, timeouts: request.timeouts, operation: request.operation,
        number: log.count + 1)
      log.append(sent)
      return sent
    }
    let reply = try await script(sent)
    return TransportResponse(
      head: HTTPResponse(status: .init(code: reply.status), headerFields: reply.headers),
      body: ResponseBody(ReplyBody(reply)))
  }
}

private final class ReplyBody: ResponseBodySource {
  private let rest: Mutex<ArraySlice<[UInt8]>>
  private let failure: TransportFailure?
  private let stalls: Bool

  init(_ reply: Reply) {
    rest = Mutex(reply.chunks[...])
    failure = reply.failure
    stalls = reply.stalls
  }

  func next() async throws(TransportFailure) -> ArraySlice<UInt8>? {
    if let chunk = rest.withLock({ $0.popFirst() }) { return chunk[...] }
    if let failure { throw failure }
    guard stalls else { return nil }
    // A stream that nobody feeds ends with its reader's task.
    for await _ in AsyncStream<Void>(Void.self, { _ in }) {}
    throw .scripted(.cancelled)
  }

  func abandon() {}
}

extension TransportFailure {
  /// A failure whose message says its kind.
  static func scripted(_ kind: Kind) -> TransportFailure {
    TransportFailure(kind, "Scripted: \(kind.rawValue).")
  }
}

extension HTTPField.Name {
  /// A name that a test spells.
  static func named(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .from }
}
