// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Batches and files as people read them.
enum BatchText {
  static func details(_ batch: Batch) -> String {
    var rows: [(String, String?)] = [
      ("id", batch.id.rawValue), ("status", batch.status.rawValue), ("endpoint", batch.endpoint.rawValue),
      ("model", batch.model), ("window", batch.completionWindow.rawValue), ("requests", counts(batch)),
      ("created", time(batch.createdAt)), ("expires", batch.expiresAt.map(time)),
      ("input file", batch.inputFileID.rawValue), ("output file", batch.outputFileID?.rawValue),
      ("error file", batch.errorFileID?.rawValue),
      ("tokens", batch.usage.map { "\($0.totalTokens) (\($0.inputTokens) in, \($0.outputTokens) out)" }),
    ]
    for (key, value) in (batch.metadata ?? [:]).sorted(by: { $0.key < $1.key }) { rows.append((key, value)) }
    for error in batch.errors.prefix(20) { rows.append(("error", error.description)) }
    return rows.compactMap { name, value in value.map { pad(name, 13) + " " + $0 } }.joined(separator: "\n")
  }

  static func line(_ batch: Batch) -> String {
    [
      pad(batch.id.rawValue, 40), pad(batch.status.rawValue, 12), pad(counts(batch), 24),
      time(batch.createdAt),
      batch.endpoint.rawValue,
    ].joined(separator: "  ")
  }

  static func line(_ file: FileObject) -> String {
    [
      pad(file.id.rawValue, 32), pad(file.purpose.rawValue, 14), pad(size(Int64(file.bytes)), 10),
      time(file.createdAt), file.filename,
    ].joined(separator: "  ")
  }

  static func counts(_ batch: Batch) -> String {
    let counts = batch.requestCounts
    let failed = counts.failed > 0 ? ", \(counts.failed) failed" : ""
    return "\(counts.completed)/\(counts.total)\(failed)"
  }

  /// `1 row`, `2 rows`, `2 batches`
  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : noun.hasSuffix("ch") ? "es" : "s")"
  }

  static func size(_ bytes: Int64) -> String {
    switch bytes {
    case ..<10_000: "\(bytes) B"
    case ..<10_000_000: "\(bytes / 1000) kB"
    default: "\(bytes / 1_000_000) MB"
    }
  }

  /// `40 s`, `12 min`, `3 h 5 min`
  static func span(_ duration: Duration) -> String {
    let seconds = duration.components.seconds
    return seconds < 60
      ? "\(seconds) s"
      : seconds < 3600 ? "\(seconds / 60) min" : "\(seconds / 3600) h \(seconds / 60 % 60) min"
  }

  /// The moment in UTC, to the second.
  static func time(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle())
  }

  static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
