// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// How fast result lines are cut and read, in this process, without a network: medians in MB/s (1 MB = 1,000,000 bytes).

internal import Measuring
internal import OpenAIBatchJSON
internal import OpenAIBatchModels

let chunks = ResultFile.chunks(lines: 20_000)
let bytes = chunks.reduce(0) { $0 + $1.count }

/// Cuts all chunks into lines and hands each line to `body`.
func forEachLine(_ body: (JSONLine) throws -> Void) rethrows {
  var splitter = JSONLineSplitter()
  for chunk in chunks {
    splitter.append(chunk)
    while let line = splitter.next() { try body(line) }
  }
  if let line = splitter.finish() { try body(line) }
}

/// Runs `work` seven times and prints the median; the sum it returns keeps it from being optimised away.
func measure(_ name: String, _ work: () -> Int) {
  let clock = ContinuousClock()
  var rates: [Double] = []
  var sum = 0
  for _ in 0..<7 {
    let elapsed = clock.measure { sum = work() }
    rates.append(Double(bytes) / 1e6 / elapsed.inSeconds)
  }
  rates.sort()
  print(
    "{\"what\":\"\(name)\",\"mb_s\":\(rates[3].rounded(to: 1)),\"least\":\(rates[0].rounded(to: 1)),"
      + "\"most\":\(rates[6].rounded(to: 1)),\"sum\":\(sum)}")
}

measure("cut into lines") {
  var length = 0
  forEachLine { length += $0.bytes.count }
  return length
}

measure("cut and read custom_id and outcome") {
  var rows = 0
  forEachLine { line in
    let result = BatchResult(line: line)
    if case .success = result.outcome, !result.customID.isEmpty { rows += 1 }
  }
  return rows
}

measure("the same, and the text and the total tokens") {
  var tokens = 0
  forEachLine { line in
    if case .success(let answer) = BatchResult(line: line).outcome, answer.outputText != nil {
      tokens += answer.usage?.totalTokens ?? 0
    }
  }
  return tokens
}

measure("the same, and the body decoded as a type of one's own") {
  var length = 0
  forEachLine { line in
    if case .success(let answer) = BatchResult(line: line).outcome,
      let completion = try? answer.decode(as: Completion.self)
    {
      length += completion.choices[0].message.content.utf8.count
    }
  }
  return length
}

print(
  "{\"bytes\":\(bytes),\"cpu_s\":\(Usage.cpuSeconds.rounded(to: 2)),\"rss_mb\":\(Usage.peakMegabytes.rounded(to: 1))}"
)
