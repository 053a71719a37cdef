// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// One measurement for each run, through the public interface, against the server at OPENAI_BASE_URL; one line of JSON
// on stdout. See `Benchmarks/README.md`.

internal import Measuring
internal import OpenAIBatch

do {
  let task = try Measurement(CommandLine.arguments.dropFirst())
  let client = BatchClient(configuration: try .fromEnvironment(), transport: task.transport)
  let clock = ContinuousClock()
  let cpu = Usage.cpuSeconds
  let start = clock.now
  let count = try await task.run(client)
  let seconds = start.duration(to: clock.now).inSeconds
  let fields: [(String, any CustomStringConvertible)] = [
    ("n", count.expected),
    ("ok", count.right),
    ("s", seconds.rounded(to: 4)),
    ("per_s", (Double(count.expected) / seconds).rounded(to: 1)),
    ("us_each", (seconds / Double(count.expected) * 1e6).rounded(to: 1)),
    ("cpu_s", (Usage.cpuSeconds - cpu).rounded(to: 3)),
    ("rss_mb", Usage.peakMegabytes.rounded(to: 1)),
  ]
  print("{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}")
} catch {
  complain("batch-peers: \(error)")
}
