// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Synchronization

/// A clock of the test's own. A sleep is over at once and moves the time by as much; a clock that is held
/// keeps its sleepers until the test advances it.
final class VirtualClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration = .zero
    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
  }

  private struct Sleeper {
    let deadline: Instant
    let continuation: CheckedContinuation<Void, any Error>
  }
  private struct State {
    var now = Instant()
    var sleeps: [Duration] = []
    var sleepers: [Int: Sleeper] = [:]
    var nextID = 0
    var watchers: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())
  private let isHeld: Bool

  init(isHeld: Bool = false) { self.isHeld = isHeld }

  let minimumResolution: Duration = .zero
  var now: Instant { state.withLock { $0.now } }
  /// The time since the beginning.
  var elapsed: Duration { now.offset }
  /// How long each sleep was to be, in order.
  var sleeps: [Duration] { state.withLock { $0.sleeps } }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    try Task.checkCancellation()
    guard isHeld else {
      state.withLock { state in
        state.sleeps.append(state.now.duration(to: deadline))
        state.now = max(state.now, deadline)
      }
      // Others get a turn, as in a real sleep.
      await Task.yield()
      return
    }
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let watchers = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
          if Task.isCancelled { return nil }
          state.sleeps.append(state.now.duration(to: deadline))
          state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
          defer { state.watchers = [] }
          return state.watchers
        }
        guard let watchers else { return continuation.resume(throwing: CancellationError()) }
        for watcher in watchers { watcher.resume() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation
        .resume(throwing: CancellationError())
    }
  }

  /// Moves the time and wakes those whose time has come.
  func advance(by duration: Duration) {
    let due = state.withLock { state in
      state.now = state.now.advanced(by: duration)
      let due = state.sleepers.filter { $0.value.deadline <= state.now }
      for id in due.keys { state.sleepers[id] = nil }
      return due
    }
    for sleeper in due.values { sleeper.continuation.resume() }
  }

  /// Suspends until somebody sleeps.
  func waitForSleeper() async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.sleepers.isEmpty { state.watchers.append(continuation) }
        return !state.sleepers.isEmpty
      }
      if isThere { continuation.resume() }
    }
  }
}
