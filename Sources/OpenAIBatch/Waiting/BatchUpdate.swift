// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels

/// A look at a batch while it runs.
public struct BatchUpdate: Sendable, Hashable {
  /// The batch as the service described it.
  public let batch: Batch
  /// How long neither the status nor a count has changed, as far as this wait and the batch's own times tell.
  public let unchangedFor: Duration
  /// The time until the batch expires, 0 when it is past; `nil` when the provider names none.
  public let timeToExpiry: Duration?
  /// When the batch is likely to end; `nil` while nothing is known, and when it has ended.
  public let estimate: BatchEstimate?

  /// Creates an update; for tests.
  public init(
    batch: Batch, unchangedFor: Duration = .zero, timeToExpiry: Duration? = nil,
    estimate: BatchEstimate? = nil
  ) {
    self.batch = batch
    self.unchangedFor = unchangedFor
    self.timeToExpiry = timeToExpiry
    self.estimate = estimate
  }

  /// Where it is in its life, as the service says.
  public var status: BatchStatus { batch.status }
  /// How many requests ended how.
  public var requestCounts: RequestCounts { batch.requestCounts }
  /// Where it is in its life, as one of a few phases to show.
  public var phase: BatchPhase { BatchPhase(of: batch) }

  /// After this time without a change a batch counts as stalled: one hour.
  public static let stallThreshold: Duration = .seconds(3600)

  /// Whether nothing has changed for ``stallThreshold`` or longer, and the batch has not ended. A service may be
  /// slow for hours and go on; compare ``unchangedFor`` with a threshold of your own where you know better.
  public var isStalled: Bool { phase != .ended && unchangedFor >= Self.stallThreshold }
}

/// Where a batch is in its life.
public enum BatchPhase: String, Sendable, Hashable, CaseIterable {
  /// The input file is being checked, or the batch waits to begin.
  case validating
  /// Requests are running.
  case running
  /// All requests are done, and the result files are being written: not a hang, though the counts stand still.
  case finalizing
  /// Somebody cancelled it; requests that run may finish, for up to ten minutes.
  case cancelling
  /// It has ended.
  case ended

  /// The phase of a batch; one in a state of the provider's own is placed by its times and counts.
  init(of batch: Batch) {
    switch batch.status {
    case .validating: self = .validating
    case .inProgress: self = .running
    case .finalizing: self = .finalizing
    case .cancelling: self = .cancelling
    case let status where status.isTerminal: self = .ended
    default:
      if batch.cancellingAt != nil {
        self = .cancelling
      } else if batch.finalizingAt != nil {
        self = .finalizing
      } else {
        self = batch.inProgressAt != nil || batch.requestCounts.ended > 0 ? .running : .validating
      }
    }
  }
}

/// When a running batch is likely to end, and what that is judged by.
///
/// The range is honest, not a promise: services slow down and speed up.
public struct BatchEstimate: Sendable, Hashable {
  /// What an estimate rests on.
  public enum Basis: String, Sendable, Hashable {
    /// The mean rate since the batch began to run, by its own times; this wait has not seen it move yet.
    case wholeRun
    /// The rate that this wait has seen lately, beside that of the whole run.
    case recent
  }

  /// How many requests end in a second: lately, or over the whole run.
  public let rate: Double
  /// The time from now until all requests have ended: not before the lower bound, and likely not after the upper.
  /// Writing the result files comes on top; on large batches that takes minutes.
  public let remaining: ClosedRange<Duration>
  /// What the estimate rests on.
  public let basis: Basis

  /// Creates an estimate; for tests.
  public init(rate: Double, remaining: ClosedRange<Duration>, basis: Basis = .recent) {
    self.rate = rate
    self.remaining = remaining
    self.basis = basis
  }
}
