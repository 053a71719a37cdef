// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchTransport
import Synchronization
import Testing

/// The suite itself: what it says of transports that break promises, and of cases that it does not run.
@Suite(.serialized)
struct TransportConformanceTests {
  /// A transport that is a function.
  private struct Scripted: Transport {
    let answer: @Sendable (TransportRequest) async throws(TransportFailure) -> TransportResponse

    func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
      try await answer(request)
    }
  }

  private func suite(
    capabilities: TransportCapabilities = .all, excluding: [ConformanceCase: String] = [:],
    slowdown: Double = 0.02, shutdown: @escaping @Sendable () async -> Void = {},
    answer: @escaping @Sendable (TransportRequest) async throws(TransportFailure) -> TransportResponse
  ) -> TransportConformance {
    TransportConformance(
      capabilities: capabilities, excluding: excluding, slowdown: slowdown, repetitions: 3
    ) { _ in
      TransportUnderTest(Scripted(answer: answer), shutdown: shutdown)
    }
  }

  private static let yes: @Sendable (TransportRequest) async throws(TransportFailure) -> TransportResponse = {
    _ in
    TransportResponse(head: HTTPResponse(status: .ok), body: ResponseBody())
  }
  private static let no: @Sendable (TransportRequest) async throws(TransportFailure) -> TransportResponse = {
    _ throws(TransportFailure) in throw TransportFailure(.interrupted, "No.")
  }

  @Test(arguments: [
    ConformanceCase.unknownHost, .closedPort, .invalidRequests, .requestBodies, .requestFields, .brokenSource,
    .sourceOfAnotherLength, .statuses, .closeInsideHead, .cutBody, .cutChunks, .notHTTP, .conflictingLengths,
    .hugeLength, .lateBytes, .encodedBody,
    .lengthAndChunks, .bodyUntilClose, .drip, .hugeHead, .redirects, .repeatedFields, .shutdown,
    .silentServer,
  ])
  func aTransportThatAlwaysSaysYesFails(_ promise: ConformanceCase) async {
    #expect(await suite(answer: Self.yes).run(promise).isFailure)
  }

  @Test(arguments: [
    ConformanceCase.unknownHost, .requestBodies, .statuses, .largeBody, .manyCalls, .cancelBeforeSending,
    .release,
  ])
  func aTransportThatAlwaysSaysNoFails(_ promise: ConformanceCase) async {
    #expect(await suite(answer: Self.no).run(promise).isFailure)
  }

  /// And when it goes on after that, it leaves nothing open.
  @Test func aTransportThatHangsIsGivenUp() async throws {
    final class Life: Sendable {}
    weak var caseThatGoesOn: Life?
    let mayGoOn = Event()
    func run() async -> ConformanceResult {
      let life = Life()
      caseThatGoesOn = life
      let suite = suite { _ in
        await mayGoOn.wait()
        _ = life
        return TransportResponse(head: HTTPResponse(status: .ok), body: ResponseBody())
      }
      return await suite.run(.statuses)
    }
    try await Task.sleep(for: .milliseconds(1))  // opens what the runtime keeps
    let before = openDescriptors
    #expect(await run().isFailure)
    #expect(caseThatGoesOn != nil)
    mayGoOn.signal()
    let deadline = ContinuousClock.now + .seconds(10)
    while caseThatGoesOn != nil || openDescriptors > before, .now < deadline {
      try await Task.sleep(for: .milliseconds(2))
    }
    #expect(caseThatGoesOn == nil)
    #expect(openDescriptors <= before)
  }

  /// Where the system tells; else none.
  private var openDescriptors: Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
  }

  @Test func aDescriptorThatStaysOpenIsFound() async {
    let copies = Mutex<[CInt]>([])
    let refusal = TransportFailure(.invalid, "No.")
    // With the real bounds: what passes must pass on a busy machine, too.
    let tidy = suite(slowdown: 1) { _ throws(TransportFailure) in throw refusal }
    let result = await tidy.run(.invalidRequests)
    #expect(result.outcome == .passed)
    let untidy = suite { _ throws(TransportFailure) in
      copies.withLock { $0.append(dup(1)) }
      throw refusal
    }
    #expect(await untidy.run(.invalidRequests).isFailure)
    for copy in copies.withLock({ $0 }) { close(copy) }
  }

  @Test func exclusionsHaveReasons() async {
    let suite = suite(capabilities: .tls, excluding: [.trailers: "not today"], answer: Self.yes)
    #expect(!suite.cases.contains(.trailers))
    #expect(await suite.run(.trailers).outcome == .excluded("not today"))
    #expect(await suite.run(.proxyRefusal).outcome == .excluded("needs proxy"))
    #expect(suite.cases.contains(.plaintextOnTLSPort))
  }

  @Test func aReportSumsUp() async {
    let suite = suite(excluding: [.trailers: "why"], answer: Self.no)
    var results: [ConformanceResult] = []
    for promise in [ConformanceCase.trailers, .closedPort] { results.append(await suite.run(promise)) }
    let report = ConformanceReport(results)
    #expect(!report.isConformant)
    #expect(report.failures.map(\.conformanceCase) == [.closedPort])
    let lines = report.description.split(separator: "\n")
    #expect(lines.first == "excluded trailers (R12): why")
    #expect(lines.dropFirst().first?.hasPrefix("FAILED   closedPort (C3): ") == true)
    #expect(lines.last == "0 passed, 1 failed, 1 excluded")
    #expect(ConformanceReport([results[0]]).isConformant)
  }
}
