// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import Foundation
import OpenAIBatchAsyncHTTPClient
import OpenAIBatchConformance
import OpenAIBatchTransport
import Testing

/// The promises of all transports: see `ConformanceCase`.
@Suite(.serialized)
struct ConformanceTests {
  private static let repetitions =
    ProcessInfo.processInfo.environment["OPENAI_BATCH_REPETITIONS"].flatMap { Int($0) } ?? 100

  private static let suite = TransportConformance(
    capabilities: .all.subtracting([.lenientFields, .verbatimTargets]),
    excluding: [
      .conflictingLengths: "SwiftNIO's parser takes two equal Content-Length fields for malformed too",
      .lengthAndChunks:
        "SwiftNIO's parser takes a Content-Length beside chunks for malformed (RFC 9112, 6.3)",
    ], repetitions: repetitions
  ) { options in
    let transport = AsyncHTTPClientTransport(
      .init(maxConnections: options.maxConnections, proxy: options.proxy.map { .url($0) } ?? .none),
      environment: [:])
    return TransportUnderTest(transport) { await transport.shutdown() }
  }

  @Test(arguments: suite.cases)
  func keeps(_ promise: ConformanceCase) async {
    let result = await Self.suite.run(promise)
    #expect(!result.isFailure, "\(result)")
  }

  @Test func onlyTheseAreExcluded() {
    let excluded = Set(ConformanceCase.allCases).subtracting(Self.suite.cases)
    #expect(excluded == [.conflictingLengths, .lengthAndChunks, .lenientFields])
  }
}
#endif
