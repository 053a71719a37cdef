// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

/// Waits for each attempt's turn.
package struct RateLimitMiddleware: Middleware {
  private let limiter: RateLimiter

  /// Creates the middleware; clients that share a limiter share its rate.
  package init(_ limiter: RateLimiter) {
    self.limiter = limiter
  }

  package func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    try await limiter.admit(deadline: context.deadline)
    return try await next(request, context)
  }
}
