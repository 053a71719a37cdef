// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels
internal import Synchronization

/// Those who wait for batches, so that they can be woken.
final class WaitAlarms: Sendable {
  private struct Entry {
    weak var alarm: WaitAlarm?
  }
  private let entries = Mutex<[BatchID: [ObjectIdentifier: Entry]]>([:])

  /// A new waiter's alarm; it is in the list as long as the waiter holds it.
  func alarm(for ids: [BatchID]) -> WaitAlarm {
    let alarm = WaitAlarm(ids, in: self)
    entries.withLock { entries in
      for id in ids { entries[id, default: [:]][ObjectIdentifier(alarm)] = Entry(alarm: alarm) }
    }
    return alarm
  }

  /// Wakes all who wait for a batch.
  func wake(_ id: BatchID) {
    for alarm in entries.withLock({ $0[id]?.values.compactMap(\.alarm) ?? [] }) { alarm.ring() }
  }

  fileprivate func remove(_ ids: [BatchID], _ alarm: ObjectIdentifier) {
    entries.withLock { entries in
      for id in ids {
        entries[id]?[alarm] = nil
        if entries[id]?.isEmpty == true { entries[id] = nil }
      }
    }
  }
}

/// One waiter's sleep, which can be ended early.
final class WaitAlarm: Sendable {
  private struct State {
    var hasRung = false
    var sleeper: Task<Void, Never>?
  }
  private let state = Mutex(State())
  private let ids: [BatchID]
  private let alarms: WaitAlarms

  fileprivate init(_ ids: [BatchID], in alarms: WaitAlarms) {
    self.ids = ids
    self.alarms = alarms
  }

  deinit {
    alarms.remove(ids, ObjectIdentifier(self))
  }

  /// Forgets earlier rings: what they announced will be seen by the poll that begins now.
  func beginPoll() {
    state.withLock { $0.hasRung = false }
  }

  /// Ends the sleep, or the next one, if a poll is under way: it may have been answered before.
  func ring() {
    state.withLock { state in
      state.hasRung = true
      return state.sleeper
    }?.cancel()
  }

  /// Sleeps until the time is over, the alarm rings, or the task is cancelled.
  func sleep(
    for duration: Duration, sleep: @escaping @Sendable (Duration) async throws -> Void
  ) async {
    let sleeper = state.withLock { state -> Task<Void, Never>? in
      guard !state.hasRung else { return nil }
      let sleeper = Task { _ = try? await sleep(duration) }
      state.sleeper = sleeper
      return sleeper
    }
    guard let sleeper else { return }
    await withTaskCancellationHandler {
      await sleeper.value
    } onCancel: {
      sleeper.cancel()
    }
    state.withLock { $0.sleeper = nil }
  }
}
