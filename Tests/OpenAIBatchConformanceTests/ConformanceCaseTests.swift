// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchConformance
import Testing

/// Which row of the fault table is covered by what.
struct ConformanceCaseTests {
  /// The groups that are about transports, but for the rows that ``TransportConformance`` lists as covered elsewhere.
  private static let rows: Set<String> = {
    let groups = [("C", 1...9), ("S", 1...12), ("R", 1...21), ("X", 1...1), ("L", 1...7)]
    let elsewhere: Set = ["C2", "C6", "R18", "R19", "R20"]
    return Set(groups.flatMap { group in group.1.map { "\(group.0)\($0)" } }).subtracting(elsewhere)
  }()

  @Test func everyRowHasACase() {
    let covered = Set(ConformanceCase.allCases.flatMap(\.rows))
    #expect(Self.rows.subtracting(covered) == [])
  }

  @Test(arguments: ConformanceCase.allCases)
  func everyCaseSaysWhatItIsAbout(_ promise: ConformanceCase) {
    #expect(!promise.rows.isEmpty)
    #expect(promise.summary.hasSuffix("."))
    #expect(promise.timeBound > .zero)
  }
}
