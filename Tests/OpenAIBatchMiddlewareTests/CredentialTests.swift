// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchMiddleware

struct CredentialTests {
  /// Each has the word "canary", to be looked for where it must not be.
  static let malformedKeys = [
    "", " ", "sk-canary\n", "sk-canary\r", "sk-canary\r\n", " sk-canary", "sk-canary ", "sk canary",
    "sk\tcanary",
    "sk-canary\u{0}", "\u{0}canary", "sk-canary\u{7F}", "sk-canäry-canary", "sk-canary\u{FEFF}",
    "sk-“canary”",
    "sk\ncanary: x",
  ]

  @Test(arguments: malformedKeys)
  func aMalformedKeyIsAConfigurationFailureAndNotEchoed(key: String) async {
    #expect(Credential.apiKey(key).problem != nil)
    #expect(Credential.header("api-key", key).problem != nil)
    for credential in [Credential.apiKey(key), .header("api-key", key), .bearer { key }] {
      let rig = Rig(perAttempt: [CredentialMiddleware(credential)])
      let failure = await rig.call(.creates).failure
      let problem: String
      switch failure?.reason {
      case .configuration(let text): problem = text
      // The next token may be better, so this is not the configuration's fault.
      case .middleware(let cause as UnusableToken): problem = cause.description
      default:
        Issue.record("\(String(describing: failure))")
        continue
      }
      #expect(!problem.contains("canary"))
      #expect(failure.map { renderings(of: $0).contains { $0.contains("canary") } } == false)
      #expect(failure?.isOutcomeUnknown == false)
      #expect(rig.transport.records.isEmpty)
      #expect(rig.clock.now.offset == .zero, "not retried")
    }
  }

  @Test(arguments: ["", "api key", "api:key", "api\r\nkey", "äpi-key", ":authority", "api-key\u{0}"])
  func aMalformedHeaderNameIsAConfigurationFailure(name: String) async {
    let credential = Credential.header(name, "sk-canary")
    #expect(credential.problem?.contains("canary") == false)
    let rig = Rig(perAttempt: [CredentialMiddleware(credential)])
    guard case .configuration(let problem)? = await rig.call().failure?.reason else {
      Issue.record("no configuration failure")
      return
    }
    #expect(!problem.contains("canary"))
    #expect(rig.transport.records.isEmpty)
  }

  @Test func theHeaderFields() async throws {
    let fields = [
      try await Credential.apiKey("sk-1").field(), try await Credential.header("api-key", "sk-2").field(),
      try await Credential.bearer { "sk-3" }.field(),
    ]
    #expect(
      fields.map { "\($0.name): \($0.value)" } == [
        "Authorization: Bearer sk-1", "api-key: sk-2", "Authorization: Bearer sk-3",
      ])
    #expect(Credential.apiKey("sk-1").problem == nil)
    #expect(Credential.bearer { "" }.problem == nil)
  }

  @Test func itReplacesWhatAnotherLayerSet() async {
    struct Meddler: Middleware {
      func intercept(
        _ request: TransportRequest, context: CallContext, next: Next
      ) async throws(CallFailure) -> TransportResponse {
        var request = request
        for value in ["one", "two"] {
          request.head.headerFields.append(HTTPField(name: .authorization, value: value))
        }
        return try await next(request, context)
      }
    }
    let rig = Rig(perAttempt: [Meddler(), CredentialMiddleware(.apiKey("sk-1"))])
    _ = await rig.call()
    #expect(rig.transport.records.first?.request.head.headerFields[values: .authorization] == ["Bearer sk-1"])
  }

  @Test func aTokenSourcesErrorIsPassedOnAndNotRetried() async {
    struct VaultSealed: Error {}
    let rig = Rig(perAttempt: [CredentialMiddleware(.bearer { throw VaultSealed() })])
    let failure = await rig.call(.creates).failure
    guard case .middleware(let cause)? = failure?.reason else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(cause is VaultSealed)
    #expect(failure?.attempts == 0)
    #expect(failure?.isOutcomeUnknown == false)
  }

  @Test func aTokenSourceThatIsCancelledIsACancellation() async {
    struct Stopped: Error {}
    let own = Rig(perAttempt: [CredentialMiddleware(.bearer { throw CancellationError() })])
    guard case .middleware(let cause)? = await own.call().failure?.reason else {
      Issue.record("a source that gave up by itself does not cancel the call")
      return
    }
    #expect(cause is CancellationError)
    let wrapped = Rig(
      perAttempt: [
        CredentialMiddleware(
          .bearer {
            withUnsafeCurrentTask { $0?.cancel() }
            throw Stopped()
          })
      ])
    #expect(await wrapped.call().kind == .cancelled)
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["throws", "is late", "never ends"])
  func aTokenSourceIsWaitedForAsLongAsTheCallMayTake(source kind: String) async {
    let clock = ManualClock()
    let source = Credential.bearer {
      if kind == "never ends" { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
      // A stream that nobody feeds ends with its reader's task.
      for await _ in AsyncStream<Void>(Void.self, { _ in }) {}
      if kind == "throws" { throw CancellationError() }
      return "sk-late"
    }
    let rig = Rig(
      clock: clock, transport: ScriptedTransport(clock: clock, []),
      perAttempt: [CredentialMiddleware(source, clock: PolicyClock(clock))], random: { 0 })
    let failure = await rig.call(.creates, timeout: .seconds(5)).failure
    guard case .transport(let cause)? = failure?.reason else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(cause.kind == .timedOut && !cause.mayHaveReachedServer)
    #expect(clock.now.offset >= .seconds(5) - .milliseconds(100) && clock.now.offset <= .seconds(6))
    #expect(failure?.attempts == 0 && failure?.isOutcomeUnknown == false)
    #expect(rig.transport.records.isEmpty)
  }

  @Test func nothingThatHoldsACredentialShowsIt() async {
    let credentials = [
      Credential.apiKey("sk-canary"), .header("x-canary", "canary"), .bearer { "sk-canary" },
    ]
    for credential in credentials {
      #expect("\(credential)" == "<redacted>")
      #expect(String(reflecting: credential) == "<redacted>")
      #expect(Mirror(reflecting: credential).children.isEmpty)
      let rig = Rig([.status(401)], policy: .none, perAttempt: [CredentialMiddleware(credential)])
      let failure = await rig.call().failure
      let holders: [Any] = [
        credential, [credential], Optional(credential) as Any, CredentialMiddleware(credential), rig.pipeline,
        rig.transport.records, failure as Any, (key: credential, 1),
      ]
      for holder in holders {
        for text in renderings(of: holder) {
          #expect(!text.lowercased().contains("canary"), "\(type(of: holder))")
        }
      }
    }
  }
}

/// All ways in which Swift turns a value into text.
func renderings(of value: Any) -> [String] {
  var dumped = ""
  dump(value, to: &dumped)
  return ["\(value)", String(describing: value), String(reflecting: value), dumped]
}
