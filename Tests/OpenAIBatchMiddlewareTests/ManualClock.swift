// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Synchronization

/// A clock that moves only when a test says so: by ``advance(by:)``, or in ``run(tasks:_:)`` whenever all
/// tasks are asleep.
final class ManualClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration = .zero
    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
  }

  private typealias Sleep = CheckedContinuation<Void, any Error>
  private struct State {
    var now = Instant()
    /// The next to wake is the last; of equal deadlines the one that came first.
    var sleepers: [(wake: Instant, id: Int, sleep: Sleep)] = []
    var lastID = 0
    /// How many tasks must be asleep for the clock to move by itself; `nil` for never.
    var running: Int?
    var watchers: [Int: (count: Int, continuation: CheckedContinuation<Void, Never>)] = [:]
  }
  private let state = Mutex(State())

  var now: Instant { state.withLock { $0.now } }
  let minimumResolution: Duration = .zero
  /// How many tasks are asleep.
  var sleepers: Int { state.withLock { $0.sleepers.count } }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    let id = makeID()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { sleep in
        let result = state.withLock { state -> Result<Void, any Error>? in
          if Task.isCancelled { return .failure(CancellationError()) }
          if deadline <= state.now { return .success(()) }
          let index = state.sleepers.firstIndex { $0.wake <= deadline } ?? state.sleepers.endIndex
          state.sleepers.insert((deadline, id, sleep), at: index)
          return nil
        }
        if let result { sleep.resume(with: result) } else { settle() }
      }
    } onCancel: {
      let sleep = state.withLock { state in
        state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0).sleep }
      }
      sleep?.resume(throwing: CancellationError())
    }
  }

  /// Moves the time, waking sleepers in the order of their deadlines, then of their arrival.
  func advance(by duration: Duration) {
    let target = now.advanced(by: duration)
    while let sleep = state.withLock({ Self.wakeFirst(&$0, until: target) }) { sleep.resume() }
    state.withLock { $0.now = target }
  }

  /// Suspends until at least `count` tasks are asleep, or this one is cancelled.
  func waitForSleepers(_ count: Int) async {
    let id = makeID()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        state.withLock { $0.watchers[id] = (Task.isCancelled ? 0 : count, continuation) }
        settle()
      }
    } onCancel: {
      state.withLock { $0.watchers.removeValue(forKey: id) }?.continuation.resume()
    }
  }

  /// Runs tasks in virtual time: the clock leaps to the next deadline whenever all that run are asleep.
  func run<T: Sendable>(tasks count: Int, _ body: @escaping @Sendable (Int) async -> T) async -> [T] {
    state.withLock { $0.running = count }
    defer { state.withLock { $0.running = nil } }
    return await withTaskGroup { group in
      for index in 0..<count {
        group.addTask {
          let value = await body(index)
          self.state.withLock { $0.running? -= 1 }
          self.settle()
          return value
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  /// Runs one task in virtual time: no wait takes real time.
  func run<T: Sendable>(_ body: @escaping @Sendable () async -> T) async -> T {
    await run(tasks: 1) { _ in await body() }[0]
  }

  private func makeID() -> Int {
    state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
  }

  private func settle() {
    let (watchers, sleep) = state.withLock { state in
      let asleep = state.sleepers.count
      let watchers = state.watchers.filter { $0.value.count <= asleep }
      for id in watchers.keys { state.watchers[id] = nil }
      return (
        watchers.values, asleep > 0 && asleep == state.running ? Self.wakeFirst(&state, until: nil) : nil
      )
    }
    for watcher in watchers { watcher.continuation.resume() }
    sleep?.resume()
  }

  private static func wakeFirst(_ state: inout State, until target: Instant?) -> Sleep? {
    guard let first = state.sleepers.last, target.map({ first.wake <= $0 }) ?? true else { return nil }
    state.now = max(state.now, first.wake)
    return state.sleepers.removeLast().sleep
  }
}
