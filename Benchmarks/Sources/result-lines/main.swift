// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// How fast result lines are cut and read from disk, in this process and on one thread: MB/s (1 MB = 1,000,000 bytes),
// least, median and most of seven runs, and how many lines or tokens were seen.

internal import Foundation
internal import Measuring
internal import OpenAIBatchJSON
internal import OpenAIBatchModels

let arguments = CommandLine.arguments.dropFirst()
let isGenerated = arguments.count < 2
let file =
  isGenerated ? FileLines.generated(lines: 50_000) : FileLines(path: arguments.dropFirst().first ?? "")
let mode = arguments.first ?? "all"

/// Runs `work` on every line seven times; what it returns is added up.
func measure(_ name: String, _ work: (JSONLine) -> Int) {
  guard mode == name || mode == "all" else { return }
  var rates: [Double] = []
  var sum = 0
  for _ in 0..<7 {
    sum = 0
    let elapsed = ContinuousClock().measure { file.forEach { sum += work($0) } }
    rates.append(Double(file.length) / 1e6 / elapsed.inSeconds)
  }
  rates.sort()
  print(
    "{\"mode\":\"\(name)\",\"least\":\(rates[0].rounded(to: 0)),\"median\":\(rates[3].rounded(to: 0)),"
      + "\"most\":\(rates[6].rounded(to: 0)),\"sum\":\(sum)}")
}

func answer(_ line: JSONLine) -> (customID: String, response: BatchResponse)? {
  let result = BatchResult(line: line)
  guard case .success(let response) = result.outcome else { return nil }
  return (result.customID, response)
}

measure("cut") { $0.bytes.isEmpty ? 0 : 1 }

measure("envelope") { line in
  guard let (customID, response) = answer(line) else { return 0 }
  return customID.isEmpty || response.statusCode != 200 ? 0 : 1
}

measure("text") { line in
  guard let (_, response) = answer(line), response.outputText != nil else { return 0 }
  return response.usage?.totalTokens ?? 0
}

measure("decode") { line in
  guard let row = try? JSONText.decode(ResultRow.self, from: line.bytes) else { return 0 }
  return row.response.body.usage.totalTokens
}

measure("foundation") { line in
  guard let row = try? JSONDecoder().decode(ResultRow.self, from: Data(line.bytes)) else { return 0 }
  return row.response.body.usage.totalTokens
}

if mode == "page" || mode == "all" {
  let batch = Batch(
    id: "batch_0123456789abcdef0123456789abcdef", endpoint: .chatCompletions,
    inputFileID: "file-0123456789abcdef",
    status: .completed, createdAt: Date(timeIntervalSince1970: 1_762_000_000),
    requestCounts: RequestCounts(total: 50_000, completed: 49_990, failed: 10),
    metadata: ["customer_id": "user_12345", "batch_description": "Nightly eval job"])
  let page = try JSONText.encode([Batch](repeating: batch, count: 100))
  var times: [Double] = []
  for _ in 0..<1000 {
    let elapsed = ContinuousClock().measure { _ = try? JSONText.decode([Batch].self, from: page[...]) }
    times.append(elapsed.inSeconds * 1e6)
  }
  times.sort()
  print(
    "{\"mode\":\"page\",\"bytes\":\(page.count),\"us_least\":\(times[0].rounded(to: 0)),\"us_median\":\(times[500].rounded(to: 0))}"
  )
}

print("{\"cpu_s\":\(Usage.cpuSeconds.rounded(to: 2)),\"rss_mb\":\(Usage.peakMegabytes.rounded(to: 1))}")
if isGenerated { file.remove() }
