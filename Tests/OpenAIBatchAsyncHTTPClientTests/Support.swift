// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import AsyncHTTPClient
import NIOCore
import NIOPosix
import OpenAIBatchAsyncHTTPClient
import OpenAIBatchConformance
import OpenAIBatchTransport
import Testing

/// A transport without the machine's proxies.
func makeTransport(
  maxConnections: Int = 64, trust: TransportTrust = .system
) -> AsyncHTTPClientTransport {
  AsyncHTTPClientTransport(
    .init(maxConnections: maxConnections, trust: trust, proxy: .none), environment: [:])
}

/// Runs `body` with a client that is shut down afterwards.
func withClient(
  group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
  _ configuration: HTTPClient.Configuration = HTTPClient.Configuration(),
  _ body: (HTTPClient) async throws -> Void
) async throws {
  let client = HTTPClient(eventLoopGroup: group, configuration: configuration)
  do {
    try await body(client)
  } catch {
    try await client.shutdown()
    throw error
  }
  try await client.shutdown()
}

extension Transport {
  /// The response's body as text.
  func text(of request: TransportRequest) async throws(TransportFailure) -> String {
    String(decoding: try await exchange(request).body, as: UTF8.self)
  }
}

func fieldName(_ text: String) throws -> HTTPField.Name { try #require(HTTPField.Name(text)) }
#endif
