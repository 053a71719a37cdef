// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import OpenAIBatchCurl
import OpenAIBatchURLSession

/// A middleware of one's own: it counts attempts by operation.
struct MyMiddleware: Middleware {
  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    print("attempt", context.attempt, "of", context.operation, "which is", context.effect)
    return try await next(request, context)
  }
}

/// One line.
func shortest(key: String) -> BatchClient {
  let client = BatchClient(apiKey: key, transport: CurlTransport())
  return client
}

/// OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID and OPENAI_PROJECT_ID.
func configured(preferCurl: Bool) throws -> BatchClient {
  var configuration = try BatchClient.Configuration.fromEnvironment()
  configuration.retry = .standard
  configuration.retry = .none
  configuration.retry = RetryPolicy(
    maxAttempts: 4, backoff: .fullJitter(base: .milliseconds(500), cap: .seconds(8)))
  configuration.rateLimit = .requests(600, per: .seconds(60), burst: 20)
  configuration.rateLimit = .unlimited
  configuration.middleware.append(MyMiddleware(), at: .perAttempt)
  configuration.middleware.append(MyMiddleware(), at: .perCall)
  let transport: any Transport = preferCurl ? CurlTransport() : URLSessionTransport()
  let configured = BatchClient(configuration: configuration, transport: transport)
  return configured
}

/// The three kinds of credential.
func credentials(key: String, vault: Vault) -> [Credential] {
  [.apiKey(key), .bearer { try await vault.token() }, .header("api-key", key)]
}

/// Hands out tokens that expire.
actor Vault {
  private var issued = 0

  func token() throws -> String {
    issued += 1
    return "token-\(issued)"
  }
}

/// What the transports can be told.
func transports() -> [any Transport] {
  [
    CurlTransport(.init(maxConnections: 64, trust: .system, proxy: .environment)),
    CurlTransport(.init(trust: .file("ca.pem"))),
    URLSessionTransport(),
  ]
}
