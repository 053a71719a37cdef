// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Synchronization

/// A clock for one task: a sleep moves it to the deadline at once, or on the way there fails as a cancelled one.
final class LeapingClock: Clock {
  private let offset = Mutex<Duration>(.zero)
  private let fraction: Double
  private let isCancelled: @Sendable () -> Bool

  init(fraction: Double = 1, isCancelled: @escaping @Sendable () -> Bool) {
    self.fraction = fraction
    self.isCancelled = isCancelled
  }

  var now: ManualClock.Instant { ManualClock.Instant(offset: offset.withLock { $0 }) }
  let minimumResolution: Duration = .zero

  func advance(_ duration: Duration) {
    offset.withLock { $0 += duration }
  }

  func sleep(until deadline: ManualClock.Instant, tolerance: Duration?) throws {
    let left = now.duration(to: deadline)
    if isCancelled() {
      advance(left * 0.4)
      throw CancellationError()
    }
    advance(fraction == 1 || left < .milliseconds(1) ? left : left * fraction)
  }
}
