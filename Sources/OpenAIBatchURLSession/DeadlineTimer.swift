// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Dispatch

/// One timer that can be set anew; it calls its handler on a global queue.
struct DeadlineTimer {
  private let source: any DispatchSourceTimer

  init(_ handler: @escaping @Sendable () -> Void) {
    source = DispatchSource.makeTimerSource(queue: .global())
    source.setEventHandler(handler: handler)
  }

  /// Calls the handler once at `deadline`, or after a day, when the caller must look at the time again.
  func set(for deadline: ContinuousClock.Instant, now: ContinuousClock.Instant) {
    let wait = min(max(deadline - now, .zero), .seconds(86_400)).components
    let nanoseconds = Int(wait.seconds) * 1_000_000_000 + Int(wait.attoseconds / 1_000_000_000)
    source.schedule(deadline: .now() + .nanoseconds(nanoseconds), leeway: .milliseconds(1))
  }

  func activate() { source.activate() }

  func cancel() { source.cancel() }
}
