// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import OpenAIBatchAsyncHTTPClient
import OpenAIBatchConformance
import OpenAIBatchTransport
import Testing

/// A transport without the machine's proxies.
func makeTransport(
  maxConnections: Int = 64, trust: AsyncHTTPClientTransport.Trust = .system
) -> AsyncHTTPClientTransport {
  AsyncHTTPClientTransport(
    .init(maxConnections: maxConnections, trust: trust, proxy: .none), environment: [:])
}

extension Transport {
  /// The response's body as text.
  func text(of request: TransportRequest) async throws(TransportFailure) -> String {
    String(decoding: try await exchange(request).body, as: UTF8.self)
  }
}

func fieldName(_ text: String) throws -> HTTPField.Name { try #require(HTTPField.Name(text)) }
#endif
