// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchMiddleware

/// No middleware can make a second batch, and no failure hides that there may be a first.
@Suite(.timeLimit(.minutes(2)))
struct CallRecordTests {
  @Test(arguments: [
    (200, true), (201, true), (307, false), (400, false), (401, false), (404, false), (408, true),
    (409, false),
    (429, false), (500, true), (502, true), (503, true), (504, true), (520, true), (529, true),
  ])
  func statuses(status: Int, isUnknown: Bool) async {
    for effect in Effect.allCases {
      let rig = Rig([.status(status)], policy: .none, perCall: [FailingAfterwards()])
      let failure = await rig.call(effect).failure
      #expect(failure?.isOutcomeUnknown == (isUnknown && effect != .safe), "\(effect)")
    }
  }

  @Test(arguments: [
    ("1", false), ("121", false), ("Tue, 14 Nov 2023 22:13:40 GMT", false), ("0", true), ("soon", true),
  ])
  func a503WithAHintIsARefusal(retryAfter: String, isUnknown: Bool) async {
    let rig = Rig([.status(503, [.retryAfter: retryAfter])], policy: .none)
    #expect(await rig.call(.creates).failure?.isOutcomeUnknown == isUnknown)
  }

  @Test(arguments: TransportFailure.Kind.allCases)
  func transportFailures(kind: TransportFailure.Kind) async {
    for isReached in [true, false] {
      let rig = Rig(
        [.failure(TransportFailure(kind, "scripted", mayHaveReachedServer: isReached))], policy: .none)
      #expect(await rig.call(.creates).failure?.isOutcomeUnknown == isReached)
    }
  }

  @Test(arguments: [
    ([ScriptedTransport.Answer.failure(.interrupted), .status(400)], true),
    ([.failure(.truncated), .failure(.notSent), .failure(.notSent)], true),
    ([.failure(.notSent), .status(429), .status(400)], false),
    ([.status(500), .status(429), .status(429)], true),
  ])
  func anEarlierAttemptCounts(answers: [ScriptedTransport.Answer], isUnknown: Bool) async {
    #expect(await Rig(answers).call(.duplicable).failure?.isOutcomeUnknown == isUnknown)
  }

  @Test func aCancelledWaitKeepsTheDoubt() async {
    let rig = Rig([.failure(.interrupted)])
    let call = Task { await rig.send(.duplicable) }
    await rig.clock.waitForSleepers(1)
    call.cancel()
    let failure = await call.value.failure
    #expect(failure?.isOutcomeUnknown == true)
  }

  // MARK: Middleware that means well

  @Test(
    arguments: [ScriptedTransport.Answer.failure(.interrupted), .status(500), .status(200)], [true, false])
  func aMiddlewareCannotRepeatACreateOnDoubt(answer: ScriptedTransport.Answer, isPerCall: Bool) async {
    let eager = [EagerMiddleware()]
    let rig = isPerCall ? Rig([answer], perCall: eager) : Rig([answer], perAttempt: eager)
    let failure = await rig.call(.creates).failure
    #expect(rig.transport.records.count == 1)
    #expect(failure?.isOutcomeUnknown == true)
    guard case .middleware(let cause)? = failure?.reason else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect("\(cause)".contains("it was stopped"))
  }

  @Test(arguments: [ScriptedTransport.Answer.status(401), .status(429), .failure(.notSent)])
  func aMiddlewareMayRepeatACreateThatWasRefused(answer: ScriptedTransport.Answer) async {
    let rig = Rig([answer], policy: .none, perAttempt: [EagerMiddleware()])
    #expect(await rig.call(.creates).status == 200)
    #expect(rig.transport.records.count == 2)
  }

  @Test func otherNamesForALostResponseDoNotHelp() async {
    struct Renaming: Middleware {
      func intercept(
        _ request: TransportRequest, context: CallContext, next: Next
      ) async throws(CallFailure) -> TransportResponse {
        do throws(CallFailure) {
          return try await next(request, context)
        } catch {
          throw CallFailure(.transport(TransportFailure(.notSent, "so it seems")))
        }
      }
    }
    let rig = Rig([.failure(.interrupted)], perAttempt: [Renaming()])
    let failure = await rig.call(.creates).failure
    #expect(rig.transport.records.count == 1)
    #expect(failure?.isOutcomeUnknown == true)
  }

  @Test func anotherNameForTheEffectDoesNotHelp() async {
    struct Relabelling: Middleware {
      func intercept(
        _ request: TransportRequest, context: CallContext, next: Next
      ) async throws(CallFailure) -> TransportResponse {
        try await next(request, CallContext(operation: "harmless", effect: .safe))
      }
    }
    let rig = Rig([.failure(.interrupted)], perCall: [Relabelling()])
    let failure = await rig.call(.creates).failure
    #expect(rig.transport.records.count == 1)
    #expect(failure?.isOutcomeUnknown == true)
  }

  @Test func aFailureBeforeSendingLeavesNoDoubt() async {
    struct Refused: Error {}
    let rig = Rig(perAttempt: [Thrower { CallFailure(.middleware(Refused())) }])
    #expect(await rig.call(.creates).failure?.isOutcomeUnknown == false)
  }

  /// Sends everything twice.
  private struct EagerMiddleware: Middleware {
    func intercept(
      _ request: TransportRequest, context: CallContext, next: Next
    ) async throws(CallFailure) -> TransportResponse {
      do throws(CallFailure) {
        _ = try await next(request, context)
      } catch {}
      return try await next(request, context)
    }
  }

  /// Goes on, and fails whatever came back.
  private struct FailingAfterwards: Middleware {
    struct Displeased: Error {}
    func intercept(
      _ request: TransportRequest, context: CallContext, next: Next
    ) async throws(CallFailure) -> TransportResponse {
      _ = try await next(request, context)
      throw CallFailure(.middleware(Displeased()))
    }
  }
}
