// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// The outcome of work that may not heed its cancellation, such as a caller's code.
///
/// It is cancelled and left to itself once `timer` gives an outcome, or the task is cancelled.
///
/// - Parameters:
///   - work: The work.
///   - timer: Waits, and gives the outcome of work that takes too long; `nil` when there is no such time.
///   - cancelled: The outcome when the task is cancelled.
package func firstOutcome<Value: Sendable>(
  of work: @escaping @Sendable () async -> Value,
  timer: @escaping @Sendable () async -> Value?,
  cancelled: @escaping @Sendable () -> Value
) async -> Value {
  let first = FirstOutcome<Value>()
  let work = Task { first.settle(await work()) }
  let timer = Task {
    if let value = await timer() { first.settle(value) }
  }
  defer {
    work.cancel()
    timer.cancel()
  }
  return await withTaskCancellationHandler {
    await first.value
  } onCancel: {
    first.settle(cancelled())
  }
}

/// What came first of several that are waited for at once; what comes later is dropped.
private final class FirstOutcome<Value: Sendable>: Sendable {
  private enum State {
    case open
    case waiting(CheckedContinuation<Value, Never>)
    case settled(Value)
  }
  private let state = Mutex(State.open)

  /// The first outcome, once there is one. Asked for once.
  var value: Value {
    get async {
      await withCheckedContinuation { continuation in
        let value: Value? = state.withLock { state in
          if case .settled(let value) = state { return value }
          state = .waiting(continuation)
          return nil
        }
        if let value { continuation.resume(returning: value) }
      }
    }
  }

  /// Settles it, unless it is.
  func settle(_ value: Value) {
    let waiter: CheckedContinuation<Value, Never>? = state.withLock { state in
      switch state {
      case .settled: return nil
      case .open:
        state = .settled(value)
        return nil
      case .waiting(let continuation):
        state = .settled(value)
        return continuation
      }
    }
    waiter?.resume(returning: value)
  }
}
