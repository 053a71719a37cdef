// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchMiddleware

/// The whole decision table, observed at the transport: was a second request sent?
struct RetryRuleTests {
  @Test(arguments: TransportFailure.Kind.allCases, Effect.allCases)
  func transportFailures(kind: TransportFailure.Kind, effect: Effect) async {
    for isReplayable in [true, false] {
      let rig = Rig([.failure(kind)])
      let body = RequestBody.producer(length: 0, isReplayable: isReplayable) {
        throw TransportFailure(.body, "never opened")
      }
      let result = await rig.call(effect, body: body)
      let isRetried =
        switch kind {
        case .notSent: isReplayable
        case .interrupted, .timedOut, .truncated: isReplayable && effect != .creates
        default: false
        }
      #expect(rig.transport.records.count == (isRetried ? 2 : 1), "replayable: \(isReplayable)")
      #expect(result.kind == (isRetried ? nil : kind))
    }
  }

  enum Headers: CaseIterable {
    case none, hint, shouldRetry, hintAndShouldRetry, shouldNotRetry, hintAndShouldNotRetry, billing

    var fields: HTTPFields {
      switch self {
      case .none: [:]
      case .hint: [.retryAfter: "1"]
      case .shouldRetry: [.shouldRetry: "true"]
      case .hintAndShouldRetry: [.retryAfter: "1", .shouldRetry: "TRUE"]
      case .shouldNotRetry: [.shouldRetry: "false"]
      case .hintAndShouldNotRetry: [.retryAfterMilliseconds: "1", .shouldRetry: "False"]
      case .billing:
        [.retryAfter: "1", .shouldRetry: "true", .scriptedCode: "insufficient_quota"]
      }
    }
  }

  /// For which effects a status is retried: safe, idempotent, duplicable, creates.
  static let table: [(statuses: [Int], bare: String, hint: String, asked: String, hintAndAsked: String)] = [
    ([429], "sidc", "sidc", "sidc", "sidc"),
    ([503], "sid", "sidc", "sid", "sidc"),
    ([408, 500, 502, 504, 529], "sid", "sid", "sid", "sid"),
    ([409], "s", "s", "sid", "sid"),
    ([400, 401, 403, 404, 413, 422, 501, 505], "", "", "sid", "sid"),
    ([301, 302, 307, 308, 100], "", "", "", ""),
  ]

  @Test(arguments: table.flatMap { row in row.statuses.map { (status: $0, row: row) } })
  func statuses(
    status: Int, row: (statuses: [Int], bare: String, hint: String, asked: String, hintAndAsked: String)
  ) async {
    for headers in Headers.allCases {
      let retried =
        switch headers {
        case .none: row.bare
        case .hint: row.hint
        case .shouldRetry: row.asked
        case .hintAndShouldRetry: row.hintAndAsked
        case .shouldNotRetry, .hintAndShouldNotRetry, .billing: ""
        }
      for effect in Effect.allCases {
        let isRetried = effect.rawValue.first.map(retried.contains) == true
        let rig = Rig([.status(status, headers.fields)])
        let result = await rig.call(effect)
        #expect(rig.transport.records.count == (isRetried ? 2 : 1), "\(effect), \(headers)")
        #expect(result.status == (isRetried ? 200 : status))
      }
    }
  }

  /// A transport that says "not sent" and "may have been" in one breath is not believed for a create.
  @Test(arguments: Effect.allCases)
  func notSentWithADoubtIsNotRepeatedForCreates(effect: Effect) async {
    let rig = Rig([.failure(TransportFailure(.notSent, "scripted", mayHaveReachedServer: true))])
    _ = await rig.call(effect)
    #expect(rig.transport.records.count == (effect == .creates ? 1 : 2))
  }

  @Test func ourOwnTimeoutsAreFinal() async {
    let rig = Rig([.failure(TransportFailure(.timedOut, "scripted", mayHaveReachedServer: false))])
    #expect(await rig.call().kind == .timedOut)
    #expect(rig.transport.records.count == 1)
  }

  @Test func failuresOfOurOwnAreFinal() {
    struct Broken: Error {}
    for failure in [CallFailure(.configuration("wrong")), CallFailure(.middleware(Broken()))] {
      for effect in Effect.allCases {
        let verdict = RetryRule.standard.verdict(
          on: failure, effect: effect, isReplayable: true, hasHint: true)
        #expect(verdict == .giveUp)
      }
    }
  }

  @Test func aRuleOfOnesOwnNamesItsStatuses() async {
    let policy = RetryPolicy(maxAttempts: 2, rule: RetryRule(statuses: [418, 503]))
    for (status, effect, isRetried) in [
      (418, Effect.safe, true), (418, .creates, false), (429, .safe, false), (429, .creates, false),
      (500, .safe, false), (503, .duplicable, true), (503, .creates, false), (409, .safe, true),
    ] {
      let rig = Rig([.status(status)], policy: policy)
      _ = await rig.call(effect)
      #expect(rig.transport.records.count == (isRetried ? 2 : 1), "\(status) \(effect)")
    }
  }

  @Test(arguments: [200, 408, 500, 502, 503, 504, 529])
  func noRuleRepeatsACreateOnDoubt(status: Int) async {
    let rig = Rig(
      [.status(status, [.shouldRetry: "true"])],
      policy: RetryPolicy(
        maxAttempts: 9, rule: RetryRule(statuses: Set(100..<600)), budget: RetryBudget(capacity: .max)))
    _ = await rig.call(.creates)
    #expect(rig.transport.records.count == 1)
  }
}
