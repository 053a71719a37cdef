// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The clock of retries, rate limits, deadlines and waits: a monotonic one for waits and deadlines, a wall clock for dates.
public struct PolicyClock: Sendable {
  /// The monotonic time.
  public let now: @Sendable () -> ContinuousClock.Instant
  /// Waits; throws when the task is cancelled.
  public let sleep: @Sendable (Duration) async throws -> Void
  /// The wall clock, in seconds since 1970.
  public let wallTime: @Sendable () -> Double

  /// The real clocks.
  public static let system = PolicyClock(ContinuousClock())

  /// Creates a time from any clock, such as a test's.
  ///
  /// - Parameters:
  ///   - clock: The monotonic clock.
  ///   - wallTime: The wall clock, in seconds since 1970; the system's by default.
  public init<C: Clock<Duration>>(_ clock: C, wallTime: @escaping @Sendable () -> Double = systemWallTime) {
    // Any clock's instants become those of one type, so that policies need not be generic.
    let origin = clock.now
    let anchor = ContinuousClock.now
    now = { anchor.advanced(by: origin.duration(to: clock.now)) }
    // A century stands for "longer than anyone waits": a time that does not fit traps in the runtime.
    sleep = { duration in
      try await clock.sleep(
        until: clock.now.advanced(by: min(duration, .seconds(3_155_760_000))), tolerance: nil)
    }
    self.wallTime = wallTime
  }

  /// The system's wall clock, in seconds since 1970.
  public static func systemWallTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
