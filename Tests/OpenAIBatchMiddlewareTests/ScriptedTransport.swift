// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Synchronization

@testable import OpenAIBatchMiddleware

/// Answers from a script, and records what was asked and when.
final class ScriptedTransport: Transport {
  enum Answer: Sendable {
    case status(Int, HTTPFields = [:], body: [UInt8] = [])
    case failure(TransportFailure)
    static func failure(_ kind: TransportFailure.Kind) -> Answer {
      .failure(TransportFailure(kind, "scripted"))
    }
  }
  struct Record: Sendable {
    let request: TransportRequest
    let instant: Duration
  }

  private let clock: ManualClock
  private let script: @Sendable (TransportRequest, _ number: Int, _ instant: Duration) -> Answer
  private let log = Mutex<[Record]>([])

  /// What was asked, in order, and when.
  var records: [Record] { log.withLock { $0 } }

  /// A transport that asks `script` for each answer, with the number of requests before it.
  init(
    clock: ManualClock,
    script: @escaping @Sendable (TransportRequest, _ number: Int, _ instant: Duration) -> Answer
  ) {
    self.clock = clock
    self.script = script
  }

  /// A transport that gives `answers` in order, then 200.
  convenience init(clock: ManualClock, _ answers: [Answer]) {
    self.init(clock: clock) { _, number, _ in
      answers.indices.contains(number) ? answers[number] : .status(200)
    }
  }

  func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    let instant = clock.now.offset
    let number = log.withLock { log in
      log.append(Record(request: request, instant: instant))
      return log.count - 1
    }
    switch script(request, number, instant) {
    case .status(let code, let fields, let body):
      return TransportResponse(
        head: HTTPResponse(status: .init(code: code), headerFields: fields), body: ResponseBody(bytes: body))
    case .failure(let failure): throw failure
    }
  }
}

/// Makes failures of statuses, as the client's own layer does; the header `x-code` stands for the body's code.
struct StatusMiddleware: Middleware {
  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    let response = try await next(request, context)
    let head = response.head
    guard head.status.kind != .successful else { return response }
    let code = head.headerFields[.scriptedCode]
    var body: [UInt8] = []
    do throws(TransportFailure) {
      body = try await response.collect(upTo: 1 << 20)
    } catch {
      throw CallFailure(.transport(error))
    }
    throw CallFailure(
      .status(StatusFailure(head: head, body: body, code: code, isBilling: code == "insufficient_quota")))
  }
}

extension HTTPField.Name {
  /// Stands for the code in an error's body.
  static let scriptedCode = HTTPField.Name("x-code") ?? .server
}
