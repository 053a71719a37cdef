// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Testing

@testable import OpenAIBatch

@Suite struct PollingTests {
  @Test(arguments: [
    (0, 2.0), (10, 2), (40, 2), (41, 2.05), (100, 5), (1000, 50), (5999, 299.95), (6000, 300), (86_400, 300),
    (10_000_000, 300),
  ])
  func growsWithTheTimeWaited(elapsed: Int, middle: Double) {
    for (random, factor) in [(0.0, 0.9), (0.5, 1.0), (1.0, 1.1)] {
      let delay = Polling.adaptive.delay(after: .seconds(elapsed), random: random) / .seconds(1)
      #expect(abs(delay - middle * factor) < 1e-6)
    }
  }

  @Test(arguments: [
    (Duration.seconds(5), 5.0), (.milliseconds(10), 0.01), (.zero, 0.01), (.seconds(-1), 0.01),
  ])
  func staysTheSame(interval: Duration, middle: Double) {
    for elapsed in [Duration.zero, .seconds(100_000)] {
      let delay = Polling.every(interval).delay(after: elapsed, random: 0.5) / .seconds(1)
      #expect(abs(delay - middle) < 1e-9)
    }
  }
}
