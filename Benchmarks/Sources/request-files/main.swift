// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// How fast an input is checked and its batches are planned, and how much memory that takes.
//
// usage: request-files [ROWS] [BYTES_PER_ROW]     50,000 rows of 4,160 bytes by default
//
// The input is written to a temporary file first, a row at a time. Prints one line of JSON for each of three passes.

internal import Measuring
internal import OpenAIBatchJobs

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let rows = arguments.first ?? 50_000
let rowLength = arguments.dropFirst().first ?? 4160

let input = try RequestInput(rows: rows, rowLength: rowLength)
defer { input.remove() }

for _ in 0..<3 {
  let clock = ContinuousClock()
  let start = clock.now
  let plan = try JobPlan(input: input.path)
  let seconds = (clock.now - start).inSeconds
  print(
    "{\"rows\":\(plan.input.rows),\"bytes\":\(plan.input.bytes),\"batches\":\(plan.shards.count),"
      + "\"s\":\(seconds.rounded(to: 3)),\"mb_s\":\((Double(plan.input.bytes) / 1e6 / seconds).rounded(to: 1)),"
      + "\"rss_mb\":\(Usage.peakMegabytes.rounded(to: 1))}")
}
