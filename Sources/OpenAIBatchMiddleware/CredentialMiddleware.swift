// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

/// Adds the credential to each attempt.
package struct CredentialMiddleware: Middleware {
  private let credential: Credential

  /// Creates the middleware.
  package init(_ credential: Credential) {
    self.credential = credential
  }

  package func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    var request = request
    let field = try await credential.field()
    request.head.headerFields[field.name] = field.value
    return try await next(request, context)
  }
}
