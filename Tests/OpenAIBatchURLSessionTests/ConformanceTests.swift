// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchConformance
import OpenAIBatchURLSession
import Testing

extension NetworkTests {
  /// The promises of all transports: see `ConformanceCase`.
  @Suite struct ConformanceTests {
    #if canImport(Darwin)
    static let suite = makeSuite(capabilities: .all.subtracting([.proxy, .repeatedFields]), excluding: [:])
    #else
    static let suite = makeSuite(
      capabilities: .tls,
      excluding: [
        .closeInsideHead: "the process traps inside Foundation (swift-corelibs-foundation 5285)",
        .trailers: "the process traps inside Foundation (swift-corelibs-foundation 5286)",
        .hugeLength: "the process traps inside Foundation, which adds to the length",
        .lateBytes: "Foundation takes what waits on a kept connection for the answer to the next GET",
        .handshakeReset:
          "Foundation does not tell a reset handshake from a reset connection: it is `interrupted`",
        .manyFields:
          "Foundation copies all fields for each new one: 100,000 of them take it longer than the bound",
      ])
    #endif

    static func makeSuite(
      capabilities: TransportCapabilities, excluding exclusions: [ConformanceCase: String]
    ) -> TransportConformance {
      TransportConformance(capabilities: capabilities, excluding: exclusions) { options in
        let transport = URLSessionTransport(.init(maxConnections: options.maxConnections))
        return TransportUnderTest(transport) { await transport.shutdown() }
      }
    }

    @Test(arguments: suite.cases)
    func keeps(_ promise: ConformanceCase) async {
      let result = await Self.suite.run(promise)
      #expect(!result.isFailure, "\(result)")
    }

    #if os(Linux) && swift(<6.4)
    /// Known limits: when one of these no longer ends its process, its exclusion goes.
    @Test func aHeadThatIsCutOffTraps() async {
      await #expect(processExitsWith: .failure) {
        let suite = NetworkTests.ConformanceTests.makeSuite(capabilities: .tls, excluding: [:])
        _ = await suite.run(.closeInsideHead)
      }
    }

    @Test func trailersTrap() async {
      await #expect(processExitsWith: .failure) {
        let suite = NetworkTests.ConformanceTests.makeSuite(capabilities: .tls, excluding: [:])
        _ = await suite.run(.trailers)
      }
    }

    @Test func aHugeLengthTraps() async {
      await #expect(processExitsWith: .failure) {
        let suite = NetworkTests.ConformanceTests.makeSuite(capabilities: .tls, excluding: [:])
        _ = await suite.run(.hugeLength)
      }
    }
    #endif
  }
}
