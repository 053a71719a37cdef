// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchCurl

struct CurlEngineTests {
  /// A cancellation can come after the call has begun and before it has started the engine's thread.
  @Test func aCancellationBeforeTheThreadStartsIsNotLost() async throws {
    let engine = CurlEngine(EngineSettings(.init(), environment: [:]))
    let head = HTTPRequest(method: .get, scheme: "http", authority: "127.0.0.1:9", path: "/")
    let transfer = try Transfer(TransportRequest(head: head, operation: "test"), engine: engine)
    transfer.abandon()
    let failure = await #expect(throws: TransportFailure.self) { try await transfer.head() }
    #expect(failure?.kind == .cancelled)
    #expect(failure?.mayHaveReachedServer == false)
    await engine.shutdown()
  }
}
