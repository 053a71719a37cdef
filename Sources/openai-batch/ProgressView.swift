// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs
internal import Synchronization

/// A batch's progress: a live bar on a terminal, a plain line now and then otherwise.
final class ProgressView: Sendable {
  private struct State {
    var status: BatchStatus?
    var lastLine: ContinuousClock.Instant?
  }
  private let state = Mutex(State())
  private let isQuiet: Bool
  private let start = ContinuousClock.now

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
  }

  func show(_ batch: Batch) {
    guard !isQuiet else { return }
    if Console.stderrIsTerminal {
      Console.live(bar(batch))
    } else {
      let now = ContinuousClock.now
      let isDue = state.withLock { state in
        let isDue =
          state.status != batch.status || state.lastLine.map { $0.duration(to: now) > .seconds(60) } ?? true
        if isDue { state = State(status: batch.status, lastLine: now) }
        return isDue
      }
      if isDue { Console.message("\(batch.id): \(batch.status), \(BatchText.counts(batch)), \(elapsed)") }
    }
  }

  func finish() {
    Console.live("")
  }

  private func bar(_ batch: Batch) -> String {
    let counts = batch.requestCounts
    let done = counts.completed + counts.failed
    let width = 24
    let filled = counts.total > 0 ? min(width, width * done / counts.total) : 0
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    return "\(batch.status)  \(bar)  \(BatchText.counts(batch))  \(elapsed)"
  }

  private var elapsed: String {
    let seconds = Int(start.duration(to: .now).components.seconds)
    return seconds < 60
      ? "\(seconds) s"
      : seconds < 3600 ? "\(seconds / 60) min" : "\(seconds / 3600) h \(seconds / 60 % 60) min"
  }
}
