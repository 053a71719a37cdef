// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Synchronization
import Testing

@testable import OpenAIBatchMiddleware

/// A whole pipeline over a script, in virtual time.
struct Rig: Sendable {
  /// Tue, 14 Nov 2023 22:13:20 GMT, at the virtual time zero.
  static let wallTime = 1_700_000_000.0

  let clock: ManualClock
  let policyClock: PolicyClock
  let transport: ScriptedTransport
  let pipeline: Pipeline

  init(
    _ answers: [ScriptedTransport.Answer] = [], policy: RetryPolicy = .standard,
    budget: RetryBudget = RetryBudget(), perCall: [any Middleware] = [], perAttempt: [any Middleware] = [],
    random: @escaping @Sendable () -> Double = { 0 }
  ) {
    let clock = ManualClock()
    self.init(
      clock: clock, transport: ScriptedTransport(clock: clock, answers), policy: policy, budget: budget,
      perCall: perCall, perAttempt: perAttempt, random: random)
  }

  init(
    clock: ManualClock, transport: ScriptedTransport, policy: RetryPolicy = .standard,
    budget: RetryBudget = RetryBudget(), perCall: [any Middleware] = [], perAttempt: [any Middleware] = [],
    random: @escaping @Sendable () -> Double
  ) {
    self.clock = clock
    self.transport = transport
    policyClock = PolicyClock(clock, wallTime: { Self.wallTime + clock.now.offset / .seconds(1) })
    let retry = RetryMiddleware(policy: policy, budget: budget, clock: policyClock, random: random)
    pipeline = Pipeline(
      layers: perCall + [retry, StatusMiddleware()] + perAttempt, transport: transport, clock: policyClock)
  }

  /// When each request was sent.
  var instants: [Duration] { transport.records.map(\.instant) }

  /// Makes one call; the status of its answer, or its failure.
  func send(
    _ effect: Effect = .safe, body: RequestBody = .empty, timeout: Duration? = nil, retry: RetryPolicy? = nil,
    collectLimit: Int? = 1 << 20, timeouts: Timeouts = Timeouts()
  ) async -> Result<Int, CallFailure> {
    let request = TransportRequest(
      head: HTTPRequest(method: .get, scheme: "https", authority: "api.test", path: "/v1/batches"),
      body: body, timeouts: timeouts, operation: "test")
    let context = CallContext(
      operation: "test", effect: effect, deadline: timeout.map { policyClock.now().advanced(by: $0) },
      retry: retry, collectLimit: collectLimit)
    do throws(CallFailure) {
      let response = try await pipeline.send(request, context: context, record: CallRecord(effect: effect))
      return .success(response.head.status.code)
    } catch {
      return .failure(error)
    }
  }

  /// Makes one call in virtual time.
  func call(
    _ effect: Effect = .safe, body: RequestBody = .empty, timeout: Duration? = nil, retry: RetryPolicy? = nil
  ) async -> Result<Int, CallFailure> {
    await clock.run { await send(effect, body: body, timeout: timeout, retry: retry) }
  }
}

extension Result where Success == Int, Failure == CallFailure {
  var status: Int? {
    switch self {
    case .success(let status): status
    case .failure(let failure): if case .status(let status) = failure.reason { status.status } else { nil }
    }
  }
  var failure: CallFailure? { if case .failure(let failure) = self { failure } else { nil } }
  var kind: TransportFailure.Kind? {
    if case .transport(let failure)? = failure?.reason { failure.kind } else { nil }
  }
}

/// Gives way to other tasks until a condition holds.
///
/// - Throws: `CancellationError` when the test's time is up.
func waitUntil(_ condition: () -> Bool) async throws {
  while !condition() {
    try Task.checkCancellation()
    await Task.yield()
  }
}

/// Numbers from 0 up to 1, the same in each run.
final class SeededRandom: Sendable {
  private let state: Mutex<UInt64>

  init(_ seed: UInt64 = 1) {
    state = Mutex(seed)
  }

  func next() -> Double {
    Double(nextBits() >> 11) / Double(1 << 53)
  }

  /// SplitMix64.
  private func nextBits() -> UInt64 {
    state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
      return bits ^ (bits >> 31)
    }
  }
}
