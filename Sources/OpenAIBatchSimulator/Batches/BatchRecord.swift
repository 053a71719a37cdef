// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// One batch of a simulator. Whoever looks first at a moment does the work that is due; all others wait for it.
final class BatchRecord: Sendable {
  private let surroundings: BatchSurroundings
  /// The latest step, which begins where the one before it ends.
  private let latest: Mutex<Step>

  private enum Step {
    case settled(BatchRun)
    case running(Task<BatchRun, Never>)
  }

  init(_ run: BatchRun, in surroundings: BatchSurroundings) {
    self.surroundings = surroundings
    latest = Mutex(.settled(run))
  }

  /// The batch as it is at `moment`.
  func run(at moment: Duration) async -> BatchRun {
    await step { run, surroundings in await run.advance(to: moment, in: surroundings) }
  }

  /// Asks to cancel; whether that was possible shows in the batch's state.
  func cancel(at moment: Duration) async -> BatchRun {
    await step { run, surroundings in
      await run.advance(to: moment, in: surroundings)
      run.cancel(in: surroundings)
    }
  }

  private func step(
    _ change: @escaping @Sendable (inout BatchRun, BatchSurroundings) async -> Void
  ) async -> BatchRun {
    let surroundings = surroundings
    let begun: Step = latest.withLock { latest in
      if case .settled(let run) = latest, run.isSettled { return latest }
      let previous = latest
      let task = Task {
        var run =
          switch previous {
          case .settled(let run): run
          case .running(let task): await task.value
          }
        if !run.isSettled { await change(&run, surroundings) }
        return run
      }
      latest = .running(task)
      return latest
    }
    switch begun {
    case .settled(let run): return run
    case .running(let task):
      let run = await task.value
      latest.withLock { latest in
        if case .running(task) = latest { latest = .settled(run) }
      }
      return run
    }
  }
}
