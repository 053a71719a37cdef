// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The simulator's own time: how long it runs, as fast as it was told to.
///
/// A moment is a `Duration` since the simulator's start.
struct SimulatedTime: Sendable {
  private let elapsed: @Sendable () -> Duration
  private let sleepOnClock: @Sendable (Duration) async throws -> Void
  private let speed: Double
  private let start: Double

  init(clock: any Clock<Duration>, start: Date, speed: Double) {
    elapsed = Self.stopwatch(clock)
    sleepOnClock = { try await clock.sleep(for: $0) }
    self.start = start.timeIntervalSince1970
    self.speed = speed.isFinite && speed > 0 ? min(speed, BatchSimulator.Configuration.maximumSpeed) : 1
  }

  /// This moment.
  var now: Duration { elapsed() * speed }

  /// Real milliseconds between two moments.
  func realMilliseconds(from start: Duration, to end: Duration) -> Int {
    Int((end - start) / speed / .milliseconds(1))
  }

  /// A moment as seconds since 1970.
  func unixSeconds(_ moment: Duration) -> Int {
    Int(start + moment / .seconds(1))
  }

  func sleep(for duration: Duration) async throws {
    try await sleepOnClock(duration / speed)
  }

  private static func stopwatch<C: Clock>(_ clock: C) -> @Sendable () -> Duration
  where C.Duration == Duration {
    let start = clock.now
    return { start.duration(to: clock.now) }
  }
}
