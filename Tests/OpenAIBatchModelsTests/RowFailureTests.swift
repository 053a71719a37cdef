// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchModels
import Testing

struct RowFailureTests {
  static let failures: [(RowFailure, isRetryable: Bool)] = [
    (RowFailure(.expired, ""), true), (RowFailure(.cancelled, ""), true), (RowFailure(.timedOut, ""), true),
    (RowFailure(.missing, ""), true), (RowFailure(.invalid, ""), true), (RowFailure(.undecodable, ""), false),
    (RowFailure("invented_later", ""), false), (RowFailure("invented_later", "", statusCode: 500), false),
    (RowFailure("rate_limit_exceeded", "", code: .rateLimitExceeded), true),
    (RowFailure("slow_down", "", code: .slowDown), true), (RowFailure(.rejected, ""), false),
    (
      RowFailure(.rejected, "", statusCode: 429, apiError: APIError(message: "", code: "insufficient_quota")),
      false
    ),
    (RowFailure(.rejected, "", statusCode: 429, code: "billing_not_active"), false),
    (
      RowFailure(.rejected, "", statusCode: 429, apiError: APIError(message: "", code: .rateLimitExceeded)),
      true
    ),
  ]

  @Test(arguments: failures.indices)
  func byKind(index: Int) {
    #expect(Self.failures[index].0.isRetryable == Self.failures[index].isRetryable)
  }

  @Test(arguments: [
    (400, false), (401, false), (403, false), (404, false), (408, true), (409, true), (413, false),
    (422, false),
    (428, false), (429, true), (430, false), (499, false), (500, true), (502, true), (503, true), (504, true),
    (599, true),
  ])
  func byStatus(status: Int, isRetryable: Bool) {
    #expect(RowFailure(.rejected, "", statusCode: status).isRetryable == isRetryable)
  }

  @Test func theCodeIsTheErrorsUnlessGiven() {
    let error = APIError(message: "", code: "inner")
    #expect(RowFailure(.rejected, "", apiError: error).code == "inner")
    #expect(RowFailure(.rejected, "", apiError: error, code: "outer").code == "outer")
    #expect(RowFailure(.rejected, "").code == nil)
  }
}
