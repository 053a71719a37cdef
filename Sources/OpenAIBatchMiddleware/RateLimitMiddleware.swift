// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

/// Waits for each attempt's turn, and lets the limiter learn from the answers.
package struct RateLimitMiddleware: Middleware {
  private let limiter: RateLimiter

  /// Creates the middleware; clients that share a limiter share its rate.
  package init(_ limiter: RateLimiter) {
    self.limiter = limiter
  }

  package func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    try await limiter.admit(context.family, deadline: context.deadline)
    do throws(CallFailure) {
      let response = try await next(request, context)
      limiter.observe(response.head.headerFields, context.family)
      return response
    } catch {
      if case .status(let failure) = error.reason { limiter.observe(failure, context.family) }
      throw error
    }
  }
}
