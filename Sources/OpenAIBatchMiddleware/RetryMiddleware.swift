// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

/// Makes failed attempts again, by rule, policy, budget and the caller's deadline.
package struct RetryMiddleware: Middleware {
  private let policy: RetryPolicy
  private let budget: RetryBudget
  private let clock: PolicyClock
  private let random: @Sendable () -> Double
  private let logger: Logger?

  /// Creates the middleware.
  ///
  /// - Parameters:
  ///   - policy: Attempts and waits, unless the call brings its own.
  ///   - budget: Shared by all calls of a client.
  ///   - clock: Waits and deadlines.
  ///   - random: Numbers from 0 up to 1, for jitter.
  ///   - logger: Where retries are logged, at `debug`.
  package init(
    policy: RetryPolicy, budget: RetryBudget, clock: PolicyClock, random: @escaping @Sendable () -> Double,
    logger: Logger? = nil
  ) {
    self.policy = policy
    self.budget = budget
    self.clock = clock
    self.random = random
    self.logger = logger
  }

  package func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    var context = context
    let budget = (context.retry ?? policy).budget ?? budget
    var spent = 0
    while true {
      var failure: CallFailure
      do throws(CallFailure) {
        let response = try await next(request, context)
        budget.refund(max(spent, 1))
        return response
      } catch {
        failure = error
      }
      guard let step = step(after: failure, context, isReplayable: request.body.isReplayable) else {
        throw failure
      }
      guard !Task.isCancelled else { throw CallFailure.cancelled("before trying again") }
      guard budget.withdraw(step.cost) else {
        failure.isRetryBudgetExhausted = true
        throw failure
      }
      log(failure, context, step.delay)
      do {
        try await clock.sleep(step.delay)
      } catch {
        budget.refund(step.cost)
        throw CallFailure.cancelled("before trying again")
      }
      if step.cost > 0 { spent = step.cost }
      context.attempt += 1
    }
  }

  private func log(_ failure: CallFailure, _ context: CallContext, _ delay: Duration) {
    guard let logger else { return }
    var metadata = failure.logMetadata
    metadata["operation"] = "\(context.operation)"
    metadata["delay_ms"] = .milliseconds(delay)
    logger.debug("attempt failed, trying again", metadata: metadata)
  }

  /// The wait before the next attempt and its cost, or `nil` when there is to be none.
  private func step(
    after failure: CallFailure, _ context: CallContext, isReplayable: Bool
  ) -> (delay: Duration, cost: Int)? {
    let policy = context.retry ?? policy
    guard context.attempt < policy.maxAttempts else { return nil }
    var hint: RetryHint?
    if case .status(let status) = failure.reason { hint = status.retryHint(at: clock.wallTime()) }
    let verdict = policy.rule.verdict(
      on: failure, effect: context.effect, isReplayable: isReplayable, hasHint: hint != nil)
    guard case .retry(let isThrottled) = verdict else { return nil }
    let delay: Duration
    if let hint {
      guard hint.delay <= RetryHint.longest else { return nil }
      delay = RetryHint.wait(for: hint.delay, random: random())
    } else {
      delay = policy.backoff.delay(after: context.attempt, random: random())
    }
    if let deadline = context.deadline, clock.now().advanced(by: delay) >= deadline { return nil }
    return (delay, hint == nil ? RetryBudget.cost(isThrottled: isThrottled) : 0)
  }
}
