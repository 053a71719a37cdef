// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Proves that a `Transport` keeps the promises that its protocol makes.
///
/// Each case starts servers of its own on the loopback interface, which behave or misbehave as the case wants, makes a
/// transport, and holds it to one row or more of the fault table. It depends on no test framework; with Swift Testing:
///
/// ```swift
/// @Suite(.serialized) struct MyTransportConformance {
///   static let suite = TransportConformance(
///     capabilities: .all.subtracting(.proxy), excluding: [.trailers: "our parser refuses them"]
///   ) { options in
///     let transport = MyTransport(maxConnections: options.maxConnections)
///     return TransportUnderTest(transport) { await transport.close() }
///   }
///
///   @Test(arguments: suite.cases) func keeps(_ promise: ConformanceCase) async {
///     let result = await Self.suite.run(promise)
///     #expect(!result.isFailure, "\(result)")
///   }
/// }
/// ```
///
/// Cases count the descriptors of the process, so run one at a time, and nothing else beside them.
///
/// A transport over Foundation's `URLSession` on Linux takes the capabilities `.tls` and excludes `closeInsideHead`,
/// `trailers` and `hugeLength`, which end the process inside Foundation, and `lateBytes`, `handshakeReset` and
/// `manyFields`.
///
/// ## The fault table
/// ``ConformanceCase/rows`` names the rows that a case covers. These need more than a raw socket and are covered
/// elsewhere:
///
/// | rows | why | covered by |
/// |---|---|---|
/// | C2 | a name server that hangs | `ResolverTests` of `OpenAIBatchCurlTests` |
/// | C6, C7 (TLS 1.1) | certificates | `TLSTests` of `OpenAIBatchCurlTests`, against `openssl s_server` |
/// | R17–R20, X2, X3 | what is done with a response, not how it arrives | `OpenAIBatchTests`, `OpenAIBatchModelsTests` |
/// | H1–H3 | no transport of this package speaks HTTP/2 unless asked to | `HTTPVersionTests` of `OpenAIBatchCurlTests`: the gate |
/// | T1–T4 | policy | `OpenAIBatchMiddlewareTests` |
/// | L8, L9 | need a process of their own | `ProcessTests` of `OpenAIBatchCurlTests` |
/// | L10, L11 | the machine's clock and sleep | deadlines are `ContinuousClock`'s; ``ConformanceCase/silentServer`` |
public struct TransportConformance: Sendable {
  /// What the transport can do.
  public let capabilities: TransportCapabilities
  /// Cases that are not run, each with its reason.
  public let exclusions: [ConformanceCase: String]
  /// By how much every time bound is stretched: 1 for a machine of its own, more for sanitizers.
  public let slowdown: Double
  /// How often what must never happen twice, leak or crash is repeated.
  public let repetitions: Int
  let makeTransport: @Sendable (TransportOptions) -> TransportUnderTest

  /// Creates a suite.
  ///
  /// - Parameters:
  ///   - capabilities: What the transport can do; everything by default.
  ///   - exclusions: Cases that are not run, each with its reason.
  ///   - slowdown: By how much every time bound is stretched.
  ///   - repetitions: How often the cases repeat that look for what happens rarely.
  ///   - makeTransport: Makes a transport; called at least once for each case.
  public init(
    capabilities: TransportCapabilities = .all, excluding exclusions: [ConformanceCase: String] = [:],
    slowdown: Double = 1, repetitions: Int = 100,
    makeTransport: @escaping @Sendable (TransportOptions) -> TransportUnderTest
  ) {
    self.capabilities = capabilities
    self.exclusions = exclusions
    self.slowdown = slowdown
    self.repetitions = repetitions
    self.makeTransport = makeTransport
  }

  /// The cases that are run: all but those that are excluded, or need a capability that the transport lacks.
  public var cases: [ConformanceCase] { ConformanceCase.allCases.filter { reasonToExclude($0) == nil } }

  /// Runs all cases, one after another.
  public func run() async -> ConformanceReport {
    var results: [ConformanceResult] = []
    for conformanceCase in ConformanceCase.allCases { results.append(await run(conformanceCase)) }
    return ConformanceReport(results)
  }

  /// Runs one case.
  public func run(_ conformanceCase: ConformanceCase) async -> ConformanceResult {
    if let reason = reasonToExclude(conformanceCase) {
      return ConformanceResult(conformanceCase: conformanceCase, outcome: .excluded(reason), duration: .zero)
    }
    let start = ContinuousClock.now
    let outcome = await outcome(of: conformanceCase.definition)
    return ConformanceResult(
      conformanceCase: conformanceCase, outcome: outcome, duration: ContinuousClock.now - start)
  }

  private func reasonToExclude(_ conformanceCase: ConformanceCase) -> String? {
    if let reason = exclusions[conformanceCase] { return reason }
    let missing = conformanceCase.requirements.subtracting(capabilities)
    return missing.isEmpty ? nil : "needs \(missing.names.joined(separator: ", "))"
  }

  private func outcome(of definition: CaseDefinition) async -> ConformanceResult.Outcome {
    let bench = Bench(self, promise: definition.promise)
    let outcome = await race(definition, on: bench)
    await bench.end(isInOrder: outcome == .passed)
    guard outcome == .passed, let growth = await bench.growth() else { return outcome }
    return .failed(growth)
  }

  /// The case's outcome, or that it did not end in time. Its tasks are then left behind: a transport that hangs may
  /// hang for ever.
  private func race(_ definition: CaseDefinition, on bench: Bench) async -> ConformanceResult.Outcome {
    let limit = (.seconds(30) + definition.promise * 10) * slowdown
    return await firstOutcome { () -> ConformanceResult.Outcome in
      do {
        await bench.begin()
        try await definition.body(bench)
        return .passed
      } catch {
        return .failed("\(error)")
      }
    } timer: {
      guard (try? await Task.sleep(for: limit)) != nil else { return nil }
      return .failed("The case did not end within \(limit).")
    } cancelled: {
      .failed("The suite was cancelled.")
    }
  }
}
