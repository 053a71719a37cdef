// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Synchronization
import Testing

@testable import OpenAIBatchMiddleware

struct PipelineTests {
  @Test func layersWrapEachOtherFromTheOutsideIn() async {
    let log = Trail()
    let rig = Rig(
      [.status(500)], perCall: [Marker("call 1", log), Marker("call 2", log)],
      perAttempt: [Marker("attempt 1", log), Marker("attempt 2", log)])
    _ = await rig.call()
    let attempt = ["> attempt 1", "> attempt 2", "< attempt 2", "< attempt 1"]
    #expect(log.steps == ["> call 1", "> call 2"] + attempt + attempt + ["< call 2", "< call 1"])
  }

  @Test func withoutLayersTheTransportIsAsked() async throws {
    let clock = ManualClock()
    let transport = ScriptedTransport(clock: clock, [])
    let pipeline = Pipeline(layers: [], transport: transport, clock: PolicyClock(clock))
    let request = TransportRequest(
      head: HTTPRequest(method: .get, scheme: "https", authority: "api.test", path: "/"), operation: "test")
    let response = try await pipeline.send(
      request, context: CallContext(operation: "test", effect: .safe), record: CallRecord(effect: .safe))
    #expect(response.head.status == 200)
  }

  // MARK: Deadline

  @Test(arguments: [
    (
      total: Duration?.some(.seconds(120)), timeout: Duration?.some(.seconds(30)),
      sent: Duration?.some(.seconds(30))
    ),
    (.seconds(10), .seconds(30), .seconds(10)),
    (nil, .seconds(30), .seconds(30)),
    (.seconds(120), nil, .seconds(120)),
    (nil, nil, nil),
  ])
  func theDeadlineBoundsACollectedCall(total: Duration?, timeout: Duration?, sent: Duration?) async {
    let rig = Rig()
    _ = await rig.send(timeout: timeout, timeouts: Timeouts(total: total))
    #expect(rig.transport.records.map(\.request.timeouts.total) == [sent])
  }

  @Test func laterAttemptsGetWhatIsLeft() async {
    let rig = Rig([.status(503, [.retryAfter: "8"]), .status(503, [.retryAfter: "1"])])
    _ = await rig.call(timeout: .seconds(30))
    #expect(
      rig.transport.records.map(\.request.timeouts.total) == [.seconds(30), .seconds(22), .seconds(21)])
  }

  @Test func aStreamedResponseHasNoDeadline() async {
    let rig = Rig()
    _ = await rig.send(timeout: .seconds(30), collectLimit: nil, timeouts: .transfer)
    #expect(rig.transport.records.map(\.request.timeouts) == [.transfer])
  }

  @Test func aStreamedResponseMustBeginBeforeTheDeadline() async {
    let clock = ManualClock()
    let transport = SilentTransport()
    let policyClock = PolicyClock(clock)
    let pipeline = Pipeline(layers: [], transport: transport, clock: policyClock)
    let request = TransportRequest(
      head: HTTPRequest(method: .get, scheme: "https", authority: "api.test", path: "/"), operation: "test")
    let call = Task { () -> CallFailure? in
      do throws(CallFailure) {
        _ = try await pipeline.send(
          request,
          context: CallContext(
            operation: "test", effect: .safe, deadline: policyClock.now().advanced(by: .seconds(30)),
            retry: nil, collectLimit: nil),
          record: CallRecord(effect: .safe))
        return nil
      } catch {
        return error
      }
    }
    await clock.waitForSleepers(1)
    clock.advance(by: .seconds(30))
    guard case .transport(let failure)? = await call.value?.reason else {
      Issue.record("no transport failure")
      return
    }
    #expect(failure.kind == .timedOut)
    #expect(failure.mayHaveReachedServer)
    #expect(clock.sleepers == 0)
  }

  @Test func aStreamedResponseInTimeIsWhole() async throws {
    let clock = ManualClock()
    let transport = ScriptedTransport(clock: clock, [.status(206, body: [1, 2, 3])])
    let policyClock = PolicyClock(clock)
    let pipeline = Pipeline(layers: [], transport: transport, clock: policyClock)
    let request = TransportRequest(
      head: HTTPRequest(method: .get, scheme: "https", authority: "api.test", path: "/"), operation: "test")
    let response = try await pipeline.send(
      request,
      context: CallContext(
        operation: "test", effect: .safe, deadline: policyClock.now().advanced(by: .seconds(30)),
        retry: nil, collectLimit: nil),
      record: CallRecord(effect: .safe))
    #expect(response.head.status == 206)
    #expect(try await response.collect(upTo: 3) == [1, 2, 3])
    #expect(clock.sleepers == 0)
  }

  /// Answers only to cancellation.
  private struct SilentTransport: Transport {
    func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
      try? await Task.sleep(for: .seconds(3600))
      throw TransportFailure(.cancelled, "cancelled")
    }
  }

  @Test(arguments: [1 << 20, nil])
  func nothingIsSentAfterTheDeadline(collectLimit: Int?) async {
    for timeout in [Duration.zero, .seconds(-1)] {
      let rig = Rig()
      let result = await rig.send(.creates, timeout: timeout, collectLimit: collectLimit)
      #expect(result.kind == .timedOut)
      #expect(result.failure?.isOutcomeUnknown == false)
      #expect(rig.transport.records.isEmpty)
    }
  }

  @Test func nothingIsSentForACancelledTask() async {
    let rig = Rig()
    let result = await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await rig.send(.creates)
    }.value
    #expect(result.kind == .cancelled)
    #expect(result.failure?.isOutcomeUnknown == false)
    #expect(rig.transport.records.isEmpty)
  }

  // MARK: Failures

  @Test func aTransportsFailureArrivesAsItIs() async {
    struct Cause: Error {}
    let rig = Rig([.failure(TransportFailure(.insecure, "wrong host", underlying: Cause()))])
    guard case .transport(let failure)? = await rig.call().failure?.reason else {
      Issue.record("no transport failure")
      return
    }
    #expect(failure.kind == .insecure)
    #expect(failure.message == "wrong host")
    #expect(failure.underlying is Cause)
  }

  @Test func aMiddlewaresOwnErrorArrivesAsItIs() async {
    struct Cause: Error {}
    let thrower = Thrower { CallFailure(.middleware(Cause())) }
    for rig in [Rig(perCall: [thrower]), Rig(perAttempt: [thrower])] {
      guard case .middleware(let cause)? = await rig.call().failure?.reason else {
        Issue.record("no middleware failure")
        return
      }
      #expect(cause is Cause)
      #expect(rig.transport.records.isEmpty)
    }
  }

  private final class Trail: Sendable {
    private let log = Mutex<[String]>([])
    var steps: [String] { log.withLock { $0 } }
    func add(_ step: String) { log.withLock { $0.append(step) } }
  }

  private struct Marker: Middleware {
    let name: String
    let trail: Trail

    init(_ name: String, _ trail: Trail) {
      self.name = name
      self.trail = trail
    }

    func intercept(
      _ request: TransportRequest, context: CallContext, next: Next
    ) async throws(CallFailure) -> TransportResponse {
      trail.add("> \(name)")
      defer { trail.add("< \(name)") }
      return try await next(request, context)
    }
  }
}

struct StatusFailureTests {
  @Test func whatAPersonNeedsIsKept() {
    let fields: HTTPFields = [
      .requestID: "req_1", .retryAfter: "3", .retryAfterMilliseconds: "2500", .shouldRetry: "False",
      .location: "https://elsewhere.test/",
    ]
    let failure = StatusFailure(
      head: HTTPResponse(status: 503, headerFields: fields), body: Array(repeating: 0x61, count: 5000),
      code: "overloaded", isBilling: false)
    #expect(failure.status == 503)
    #expect(failure.requestID == "req_1")
    #expect(failure.retryHint(at: 0)?.delay == .milliseconds(2500))
    #expect(failure.shouldRetry == false)
    #expect(failure.location == "https://elsewhere.test/")
    #expect(failure.body.count == 4096)
  }

  @Test(arguments: [("true", true), ("TRUE", true), ("false", false), ("1", nil), ("yes", nil), ("", nil)])
  func shouldRetry(text: String, value: Bool?) {
    let head = HTTPResponse(status: 500, headerFields: [.shouldRetry: text])
    #expect(StatusFailure(head: head, body: [], code: nil, isBilling: false).shouldRetry == value)
  }

  @Test func neitherBodyNorLocationIsShown() {
    let failure = StatusFailure(
      head: HTTPResponse(
        status: 302, headerFields: [.location: "https://a.test/?sig=canary", .requestID: "req_1"]),
      body: Array("canary".utf8), code: "moved", isBilling: false)
    #expect("\(failure)" == "status 302 moved (request id req_1)")
    for value in [failure, CallFailure(.status(failure))] as [any Error] {
      for text in renderings(of: value) {
        #expect(!text.contains("canary"))
        #expect(!text.contains("99, 97, 110"), "nor as bytes")
        #expect(text.contains("302"))
      }
    }
  }
}
