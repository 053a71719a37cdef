// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// Lets one task in at a time, in the order of arrival; a cancelled waiter leaves the queue.
final class Turnstile: Sendable {
  private struct State {
    var isTaken = false
    var queue: [Int: CheckedContinuation<Void, any Error>] = [:]
    var head = 0
    var tail = 0
  }
  private let state = Mutex(State())

  /// How many tasks are inside or waiting.
  var count: Int { state.withLock { $0.queue.count + ($0.isTaken ? 1 : 0) } }

  /// Enters if no task is inside.
  func enterIfFree() -> Bool {
    state.withLock { state in
      defer { state.isTaken = true }
      return !state.isTaken
    }
  }

  /// Waits until no task is inside, and enters.
  ///
  /// - Throws: `CancellationError` when the task is cancelled while it waits.
  func enter() async throws {
    if enterIfFree() { return }
    // The place in the queue is taken together with the continuation, so that `leave` finds each one it passes.
    let place = Place()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let step = state.withLock { state -> Step in
          if Task.isCancelled { return .cancel }
          guard state.isTaken else {
            state.isTaken = true
            return .enter
          }
          place.number.withLock { $0 = state.tail }
          state.queue[state.tail] = continuation
          state.tail += 1
          return .wait
        }
        switch step {
        case .wait: break
        case .enter: continuation.resume()
        case .cancel: continuation.resume(throwing: CancellationError())
        }
      }
    } onCancel: {
      state.withLock { state in
        place.number.withLock { $0 }.flatMap { state.queue.removeValue(forKey: $0) }
      }?.resume(throwing: CancellationError())
    }
  }

  /// Leaves, and lets the next task in.
  func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
      while state.head < state.tail {
        defer { state.head += 1 }
        if let continuation = state.queue.removeValue(forKey: state.head) { return continuation }
      }
      state.isTaken = false
      return nil
    }
    next?.resume()
  }

  private enum Step { case wait, enter, cancel }

  private final class Place: Sendable {
    let number = Mutex<Int?>(nil)
  }
}
