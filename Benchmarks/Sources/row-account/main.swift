// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// The account and the ordered results of a generated batch of any size, checked, with the most memory that they took;
// one line of JSON on stdout. See `Benchmarks/README.md`.

internal import Measuring
internal import OpenAIBatch

let usage = "usage: row-account make FOLDER ROWS BYTES_PER_LINE | audit FOLDER | ordered FOLDER"
let arguments = Array(CommandLine.arguments.dropFirst())
do {
  switch (arguments.first, arguments.count) {
  case ("make", 4):
    guard let rows = Int(arguments[2]), rows >= 1000, let length = Int(arguments[3]) else { complain(usage) }
    try ResultFolder(path: arguments[1]).make(rows: rows, lineLength: length)
  case ("audit", 2):
    try await measure { folder, client in
      let audit = try await client.audit(folder.batch, input: folder.input)
      try folder.check(audit)
      return audit.rows
    }
  case ("ordered", 2):
    try await measure { folder, client in
      try await folder.checkOrder(of: client.orderedResults(of: folder.batch, input: folder.input))
    }
  default: complain(usage)
  }
} catch {
  complain("row-account: \(error)")
}

/// Runs `work`, which returns the number of rows, and prints what it took.
func measure(_ work: (ResultFolder, BatchClient) async throws -> Int) async throws {
  let folder = ResultFolder(path: arguments[1])
  let client = BatchClient(apiKey: "any", transport: FolderTransport(folder: folder))
  let clock = ContinuousClock()
  let start = clock.now
  let rows = try await work(folder, client)
  let seconds = start.duration(to: clock.now).inSeconds
  let bytes = try folder.resultBytes
  let fields: [(String, any CustomStringConvertible)] = [
    ("rows", rows), ("result_bytes", bytes), ("s", seconds.rounded(to: 2)),
    ("mb_s", (Double(bytes) / 1e6 / seconds).rounded(to: 1)), ("cpu_s", Usage.cpuSeconds.rounded(to: 2)),
    ("rss_mb", Usage.peakMegabytes.rounded(to: 1)),
  ]
  print("{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}")
}
