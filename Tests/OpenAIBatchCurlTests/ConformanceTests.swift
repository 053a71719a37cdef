// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport
import Testing

/// The promises of all transports: see `ConformanceCase`.
@Suite(.serialized)
struct ConformanceTests {
  private static let repetitions =
    ProcessInfo.processInfo.environment["OPENAI_BATCH_REPETITIONS"].flatMap { Int($0) } ?? 100

  private static let suite = TransportConformance(
    slowdown: isSanitized ? 10 : 1, repetitions: repetitions
  ) { options in
    let transport = CurlTransport(
      .init(maxConnections: options.maxConnections, proxy: options.proxy.map { .url($0) } ?? .none),
      environment: [:])
    return TransportUnderTest(transport, threadName: "openai-batch") { await transport.shutdown() }
  }

  @Test(arguments: suite.cases)
  func keeps(_ promise: ConformanceCase) async {
    let result = await Self.suite.run(promise)
    #expect(!result.isFailure, "\(result)")
  }

  @Test func nothingIsExcluded() {
    #expect(Self.suite.cases == ConformanceCase.allCases)
  }
}
