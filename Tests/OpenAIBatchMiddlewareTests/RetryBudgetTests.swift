// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchMiddleware

struct RetryBudgetTests {
  @Test func theBucketHolds500() {
    let budget = RetryBudget()
    budget.refund(100)
    #expect(!budget.withdraw(501))
    #expect(budget.withdraw(500))
    #expect(!budget.withdraw(1))
    #expect(budget.withdraw(0), "what costs nothing is always there")
    budget.refund(14)
    #expect(!budget.withdraw(15))
    #expect(budget.withdraw(14))
  }

  /// A service that is down: 14 tokens a retry, so 35 of them, for all calls of the client together.
  @Test func anExhaustedBudgetEndsRetries() async {
    let budget = RetryBudget()
    let rig = Rig(Array(repeating: .failure(.interrupted), count: 999), budget: budget)
    var attempts: [Int] = []
    for _ in 0..<30 { attempts.append(await rig.call().failure?.attempts ?? 0) }
    #expect(attempts == Array(repeating: 3, count: 17) + [2] + Array(repeating: 1, count: 12))
  }

  @Test func successesFillItAgain() async {
    let budget = RetryBudget()
    #expect(budget.withdraw(500))
    let rig = Rig(Array(repeating: .status(200), count: 14) + [.status(500)], budget: budget)
    for _ in 0..<14 { _ = await rig.call() }
    #expect(await rig.call().status == 200, "14 successes pay for one retry")
    #expect(budget.withdraw(14), "which its own success gives back")
    #expect(!budget.withdraw(1))
  }

  @Test func aHintedRetryIsFree() async {
    let budget = RetryBudget()
    #expect(budget.withdraw(500))
    let rig = Rig([.status(429, [.retryAfter: "1"]), .status(503, [.retryAfter: "1"])], budget: budget)
    #expect(await rig.call().status == 200)
  }

  @Test(arguments: [
    (ScriptedTransport.Answer.status(429), 5), (.status(503), 5), (.status(500), 14),
    (.failure(.notSent), 14),
  ])
  func cost(answer: ScriptedTransport.Answer, tokens: Int) async {
    for spare in [tokens - 1, tokens] {
      let budget = RetryBudget()
      #expect(budget.withdraw(500 - spare))
      let rig = Rig([answer], budget: budget)
      #expect(await (rig.call().status == 200) == (spare == tokens))
    }
  }

  /// Random calls never make more of the bucket than it held, nor take what is not there.
  @Test func tokensAreConserved() async {
    let random = SeededRandom(7)
    let budget = RetryBudget()
    var balance = 500
    for _ in 0..<100_000 {
      let tokens = [0, 1, 5, 14][Int(random.next() * 4)]
      if random.next() < 0.6 {
        let isThere = budget.withdraw(tokens)
        if isThere != (balance >= tokens) { Issue.record("withdrew \(tokens) of \(balance)") }
        if isThere { balance -= tokens }
      } else {
        budget.refund(tokens)
        balance = min(500, balance + tokens)
      }
    }
    #expect(budget.withdraw(balance))
    #expect(!budget.withdraw(1))
  }

  @Test func aBudgetOfThePolicysOwnIsUsedInPlaceOfTheClients() async {
    let clients = RetryBudget()
    let own = RetryBudget(capacity: 14)
    let rig = Rig(
      Array(repeating: .status(500), count: 9), policy: RetryPolicy(maxAttempts: 9, budget: own),
      budget: clients)
    let failure = await rig.call().failure
    #expect(failure?.attempts == 2)
    #expect(failure?.isRetryBudgetExhausted == true)
    #expect(clients.withdraw(500))
  }

  @Test(arguments: [0, -1, Int.min])
  func withoutABudgetOnlyHintsAreFollowed(capacity: Int) async {
    let policy = RetryPolicy(maxAttempts: 3, budget: RetryBudget(capacity: capacity))
    let rig = Rig([.status(503, [.retryAfter: "1"]), .status(500), .status(500)], policy: policy)
    let failure = await rig.call().failure
    #expect(failure?.attempts == 2)
    #expect(failure?.isRetryBudgetExhausted == true)
  }

  @Test func aFailureForAnotherReasonDoesNotBlameTheBudget() async {
    let rig = Rig([.status(404)], budget: RetryBudget(capacity: 0))
    #expect(await rig.call().failure?.isRetryBudgetExhausted == false)
  }
}
