// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels
internal import Synchronization

/// Sleeps of waiters that can be ended early, by batch.
final class WaitAlarms: Sendable {
  private struct State {
    var sleeps: [BatchID: [Int: Task<Void, Never>]] = [:]
    var next = 0
  }
  private let state = Mutex(State())

  /// Sleeps until the time is over, the batch's waiters are woken, or the task is cancelled.
  func sleep(
    for duration: Duration, waitingFor id: BatchID, sleep: @escaping @Sendable (Duration) async throws -> Void
  ) async {
    let sleeper = Task { _ = try? await sleep(duration) }
    let number = state.withLock { state in
      defer { state.next += 1 }
      state.sleeps[id, default: [:]][state.next] = sleeper
      return state.next
    }
    await withTaskCancellationHandler {
      await sleeper.value
    } onCancel: {
      sleeper.cancel()
    }
    state.withLock { state in
      state.sleeps[id]?[number] = nil
      if state.sleeps[id]?.isEmpty == true { state.sleeps[id] = nil }
    }
  }

  /// Ends the sleeps of all who wait for a batch.
  func wake(_ id: BatchID) {
    for sleeper in state.withLock({ $0.sleeps[id] ?? [:] }).values { sleeper.cancel() }
  }
}
