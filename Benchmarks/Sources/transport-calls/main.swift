// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// One measurement of a transport without a client for each run, against the server at OPENAI_BASE_URL; one line of JSON
// on stdout. See `Benchmarks/README.md`.

internal import Foundation
internal import Measuring

do {
  let calls = try Calls(
    CommandLine.arguments.dropFirst(), environment: ProcessInfo.processInfo.environment)
  let clock = ContinuousClock()
  let cpu = Usage.cpuSeconds
  let start = clock.now
  let outcome = try await calls.run()
  let seconds = start.duration(to: clock.now).inSeconds
  var fields: [(String, any CustomStringConvertible)] = [
    ("n", outcome.expected),
    ("ok", outcome.right),
    ("s", seconds.rounded(to: 4)),
    ("per_s", (Double(outcome.expected) / seconds).rounded(to: 1)),
    ("us_each", (seconds / Double(outcome.expected) * 1e6).rounded(to: 1)),
    ("cpu_s", (Usage.cpuSeconds - cpu).rounded(to: 3)),
    ("rss_mb", Usage.peakMegabytes.rounded(to: 1)),
  ]
  if outcome.bytes > 0 {
    fields.append(("mb_s", (Double(outcome.bytes) / 1e6 / seconds).rounded(to: 1)))
  }
  print("{" + (fields + outcome.extra).map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}")
} catch {
  complain("transport-calls: \(error)")
}
