// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs
internal import Synchronization

/// The progress of batches: a live bar on a terminal, a plain line now and then otherwise.
final class ProgressView: Sendable {
  /// What was last said of a batch.
  private struct Line {
    let status: BatchStatus
    let time: ContinuousClock.Instant
  }
  private let lines = Mutex<[BatchID: Line]>([:])
  /// Whether a bar must say whose it is.
  private let hasSeveral: Bool
  private let isQuiet: Bool
  private let start = ContinuousClock.now

  init(isQuiet: Bool, hasSeveral: Bool = false) {
    self.isQuiet = isQuiet
    self.hasSeveral = hasSeveral
  }

  func show(_ update: BatchUpdate) {
    guard !isQuiet else { return }
    let batch = update.batch
    if Console.stderrIsTerminal {
      Console.live(bar(update))
    } else {
      let now = ContinuousClock.now
      let isDue = lines.withLock { lines in
        let isDue =
          lines[batch.id].map { $0.status != batch.status || $0.time.duration(to: now) > .seconds(60) }
          ?? true
        if isDue { lines[batch.id] = Line(status: batch.status, time: now) }
        return isDue
      }
      if isDue {
        Console.message(
          "\(batch.id): \(batch.status), \(BatchText.counts(batch)), \(elapsed)\(outlook(update))")
      }
    }
  }

  func finish() {
    Console.live("")
  }

  private func bar(_ update: BatchUpdate) -> String {
    let batch = update.batch
    let counts = batch.requestCounts
    let width = 24
    let share = counts.total > 0 ? min(1, Double(counts.ended) / Double(counts.total)) : 0
    let filled = Int(share * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let name = hasSeveral ? "\(batch.id)  " : ""
    return "\(name)\(batch.status)  \(bar)  \(BatchText.counts(batch))  \(elapsed)\(outlook(update))"
  }

  private var elapsed: String { BatchText.span(start.duration(to: .now)) }

  private func outlook(_ update: BatchUpdate) -> String {
    if update.isStalled { return ", no progress for \(BatchText.span(update.unchangedFor))" }
    guard let range = update.estimate?.remaining else { return "" }
    return ", \(BatchText.span(range.lowerBound)) to \(BatchText.span(range.upperBound)) left"
  }
}
