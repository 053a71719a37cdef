// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

/// Adds the credential to each attempt.
package struct CredentialMiddleware: Middleware {
  private let credential: Credential
  private let clock: PolicyClock

  /// Creates the middleware.
  ///
  /// - Parameter clock: What the call's deadline is read by.
  package init(_ credential: Credential, clock: PolicyClock = .system) {
    self.credential = credential
    self.clock = clock
  }

  package func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    var request = request
    let field = try await credential.field(before: context.deadline, clock)
    request.head.headerFields[field.name] = field.value
    return try await next(request, context)
  }
}
