// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension BatchSimulator {
  /// How a simulator behaves. The defaults are those of the real service, only faster.
  public struct Configuration: Sendable {
    /// Measures all time that passes in the simulator: batch states, expiry, delays. The real clock by default.
    public var clock: any Clock<Duration>
    /// The wall time at which the simulator's clock starts; timestamps are counted from here. Now by default.
    public var startTime: Date
    /// How many times as fast as ``clock`` time runs in the simulator. 1 by default; at most a million. Values of
    /// 0 or less and values that are not finite count as 1.
    public var speed: Double
    /// Beyond this, durations would overflow before long.
    static let maximumSpeed = 1e6
    /// Seeds ids and the order in which rows finish: the same seed and the same calls give the same answers.
    /// Random by default.
    public var seed: UInt64
    /// How long each state of a batch lasts.
    public var timings: Timings
    /// The folder in which the simulator makes a private one of its own (mode 0700) for its files, removed with
    /// the last reference to the simulator, or when the process exits. By default the system's temporary folder.
    public var directory: String?
    /// The only key that is accepted as bearer; `nil`, the default, accepts any that is not empty.
    public var apiKey: String?
    /// The models that exist; `nil`, the default, means all. Any other fails validation as `model_not_found`.
    public var models: Set<String>?
    /// The most input tokens that batches in progress may have queued per model; `nil`, the default, is no limit.
    /// A batch beyond it fails validation as `token_limit_exceeded`. A token is counted as 4 bytes of a row's body.
    public var queuedTokenLimit: Int?
    /// What goes wrong from the start; ``BatchSimulator/inject(_:)`` adds more later.
    public var faults: [Fault]
    /// Answers a row that does not steer its own outcome (see ``SimulatedAnswer``). ``SimulatedAnswer/echo`` by
    /// default. Called once for each row that runs.
    public var answer: @Sendable (SimulatedRequest) -> SimulatedAnswer

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - clock: Measures all time that passes in the simulator.
    ///   - startTime: The wall time at which the simulator's clock starts.
    ///   - speed: How many times as fast as `clock` time runs in the simulator.
    ///   - seed: Seeds ids and the order in which rows finish.
    ///   - timings: How long each state of a batch lasts.
    ///   - directory: Where the simulator makes its private folder; `nil` for the system's temporary folder.
    ///   - apiKey: The only accepted key; `nil` for any.
    ///   - models: The models that exist; `nil` for all.
    ///   - queuedTokenLimit: The most input tokens queued per model; `nil` for no limit.
    ///   - faults: What goes wrong from the start.
    ///   - answer: Answers a row.
    public init(
      clock: any Clock<Duration> = ContinuousClock(),
      startTime: Date = Date(),
      speed: Double = 1,
      seed: UInt64 = .random(in: .min ... .max),
      timings: Timings = Timings(),
      directory: String? = nil,
      apiKey: String? = nil,
      models: Set<String>? = nil,
      queuedTokenLimit: Int? = nil,
      faults: [Fault] = [],
      answer: @escaping @Sendable (SimulatedRequest) -> SimulatedAnswer = { _ in .echo }
    ) {
      self.clock = clock
      self.startTime = startTime
      self.speed = speed
      self.seed = seed
      self.timings = timings
      self.directory = directory
      self.apiKey = apiKey
      self.models = models
      self.queuedTokenLimit = queuedTokenLimit
      self.faults = faults
      self.answer = answer
    }
  }

  /// How long each state of a batch lasts, in the simulator's own time.
  public struct Timings: Sendable, Hashable {
    /// From creation until the input file is checked. 0.3 s by default.
    public var validating: Duration
    /// In progress, for up to 1,000 rows. 1.4 s by default.
    public var inProgress: Duration
    /// What each row beyond the first 1,000 adds to ``inProgress``. 0.1 ms by default.
    public var perFurtherRow: Duration
    /// From the last row until the result files are there. 0.3 s by default.
    public var finalizing: Duration
    /// From a request to cancel until the batch is cancelled. 0.5 s by default.
    public var cancelling: Duration

    /// Creates timings; negative durations count as zero.
    ///
    /// - Parameters:
    ///   - validating: From creation until the input file is checked.
    ///   - inProgress: In progress, for up to 1,000 rows.
    ///   - perFurtherRow: What each row beyond the first 1,000 adds.
    ///   - finalizing: From the last row until the result files are there.
    ///   - cancelling: From a request to cancel until the batch is cancelled.
    public init(
      validating: Duration = .milliseconds(300),
      inProgress: Duration = .milliseconds(1400),
      perFurtherRow: Duration = .microseconds(100),
      finalizing: Duration = .milliseconds(300),
      cancelling: Duration = .milliseconds(500)
    ) {
      self.validating = max(validating, .zero)
      self.inProgress = max(inProgress, .zero)
      self.perFurtherRow = max(perFurtherRow, .zero)
      self.finalizing = max(finalizing, .zero)
      self.cancelling = max(cancelling, .zero)
    }

    /// How long a batch of `rows` is in progress.
    func inProgress(rows: Int) -> Duration {
      inProgress + perFurtherRow * max(rows - 1_000, 0)
    }
  }
}
