// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// The account and the ordered results of a generated batch of any size, with the most memory that they took; one line
// of JSON on stdout. See `Benchmarks/README.md`.

internal import Measuring
internal import OpenAIBatch

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2, let work = Work(rawValue: arguments[0]) else {
  print("usage: row-account make FOLDER ROWS BYTES_PER_LINE | audit FOLDER | ordered FOLDER")
  throw Complaint("wrong usage")
}
let folder = ResultFolder(path: arguments[1])
switch work {
case .make:
  guard arguments.count == 4, let rows = Int(arguments[2]), rows >= 1000, let length = Int(arguments[3])
  else { throw Complaint("make needs ROWS, at least 1000, and BYTES_PER_LINE") }
  try folder.make(rows: rows, lineLength: length)
case .audit, .ordered:
  let client = BatchClient(apiKey: "any", transport: FolderTransport(folder: folder))
  let clock = ContinuousClock()
  let cpu = Usage.cpuSeconds
  let start = clock.now
  let bytes = try folder.resultBytes
  let rows: Int
  if work == .audit {
    let audit = try await client.audit(folder.batch, input: folder.input)
    rows = audit.rows
    try folder.check(audit)
  } else {
    rows = try await folder.checkOrder(
      of: client.orderedResults(of: folder.batch, input: folder.input))
  }
  let seconds = start.duration(to: clock.now).inSeconds
  let fields: [(String, any CustomStringConvertible)] = [
    ("rows", rows), ("result_bytes", bytes), ("s", seconds.rounded(to: 2)),
    ("mb_s", (Double(bytes) / 1e6 / seconds).rounded(to: 1)),
    ("cpu_s", (Usage.cpuSeconds - cpu).rounded(to: 2)), ("rss_mb", Usage.peakMegabytes.rounded(to: 1)),
  ]
  print("{\"what\":\"\(work)\"," + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}")
}

enum Work: String {
  case make, audit, ordered
}

struct Complaint: Error {
  let text: String
  init(_ text: String) { self.text = text }
}
