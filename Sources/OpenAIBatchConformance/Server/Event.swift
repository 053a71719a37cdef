// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Dispatch
internal import Synchronization

/// Something that happens once. Tasks await it, and the threads of servers block on it.
package final class Event: Sendable {
  private struct State {
    var hasHappened = false
    var tasks: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())
  private let threads = DispatchSemaphore(value: 0)

  package init() {}

  /// Whether it has happened.
  package var hasHappened: Bool { state.withLock { $0.hasHappened } }

  /// Lets everyone go on who waits, and who comes later. Further calls do nothing.
  package func signal() {
    let tasks = state.withLock { state in
      defer { state.tasks = [] }
      state.hasHappened = true
      return state.tasks
    }
    for task in tasks { task.resume() }
    threads.signal()
  }

  /// Waits for it.
  package func wait() async {
    await withCheckedContinuation { waiter in
      let hasHappened = state.withLock { state in
        if !state.hasHappened { state.tasks.append(waiter) }
        return state.hasHappened
      }
      if hasHappened { waiter.resume() }
    }
  }

  /// Waits for it on a thread that may block.
  package func block() {
    threads.wait()
    threads.signal()
  }
}
