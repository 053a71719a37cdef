// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels

/// A batch's life as a pure function of time.
///
/// What is decided (the plan, a request to cancel) is stored; what follows from it is computed.
struct BatchTimeline: Sendable {
  /// What the check of the input file decided.
  enum Plan: Sendable, Hashable {
    /// The input file has not been checked yet.
    case open
    case refused
    case accepted(rows: Int)
  }

  /// When the batch was created.
  let created: Duration
  /// When the check of the input file ends.
  let validated: Duration
  /// When the completion window ends.
  let deadline: Duration
  let timings: BatchSimulator.Timings
  /// Lets the batch expire when this fraction of its rows is done.
  let expiresAfterFraction: Double?
  var plan = Plan.open
  /// When cancelling was asked for, if it was.
  private(set) var cancelling: Duration?

  init(
    created: Duration, window: Duration, timings: BatchSimulator.Timings, expiresAfterFraction: Double? = nil
  ) {
    self.created = created
    self.validated = created + timings.validating
    self.deadline = created + window
    self.timings = timings
    self.expiresAfterFraction = expiresAfterFraction
  }

  /// Asks to cancel. Nothing changes when the batch has ended or is being cancelled already.
  mutating func cancel(at moment: Duration) {
    guard cancelling == nil, !status(at: moment).isTerminal else { return }
    cancelling = max(moment, created)
  }

  /// Whether the check of the input file is due and was not made.
  func needsPlan(at moment: Duration) -> Bool {
    guard plan == .open, moment >= validated else { return false }
    return cancelling.map { $0 >= validated } ?? true
  }

  /// When the rows began to run.
  var started: Duration? {
    guard case .accepted = plan, cancelling.map({ $0 >= validated }) ?? true else { return nil }
    return validated
  }

  /// When the last row is done, were nothing to stop it.
  private var allRowsDone: Duration? {
    guard case .accepted(let rows) = plan, let started else { return nil }
    return started + timings.inProgress(rows: rows)
  }

  /// When the batch expires, unless it was cancelled before; `nil` when it finishes in time.
  private var expiry: Duration? {
    guard case .accepted(let rows) = plan, let started, let allRowsDone else { return nil }
    if let expiresAfterFraction {
      return started + timings.inProgress(rows: rows) * expiresAfterFraction
    }
    return deadline < allRowsDone ? max(deadline, started) : nil
  }

  /// When the batch ends by itself; `nil` while that is open.
  var naturalEnd: Duration? {
    plan == .refused ? validated : expiry ?? allRowsDone.map { $0 + timings.finalizing }
  }

  /// When the batch ends; `nil` while that is open.
  var end: Duration? {
    cancelling.map { $0 + timings.cancelling } ?? naturalEnd
  }

  func status(at moment: Duration) -> BatchStatus {
    if let cancelling, moment >= cancelling {
      return moment >= cancelling + timings.cancelling ? .cancelled : .cancelling
    }
    switch plan {
    case .open: return .validating
    case .refused: return moment >= validated ? .failed : .validating
    case .accepted: break
    }
    if moment < validated { return .validating }
    if let expiry { return moment >= expiry ? .expired : .inProgress }
    guard let allRowsDone, moment >= allRowsDone else { return .inProgress }
    return moment >= allRowsDone + timings.finalizing ? .completed : .finalizing
  }

  /// How many rows are done: the first so many in the order in which they finish.
  func rowsDone(at moment: Duration) -> Int {
    guard case .accepted(let rows) = plan, let started, let allRowsDone else { return 0 }
    let stop = [moment, cancelling, expiry].compactMap(\.self).min() ?? moment
    if stop >= allRowsDone { return rows }
    if stop <= started { return 0 }
    // The small allowance keeps a fraction of 0.3 of 10 rows from being 2.9999 of them.
    return min(Int(Double(rows) * ((stop - started) / (allRowsDone - started)) + 1e-6), rows)
  }

  /// When each state was entered, as far as it was by `moment`.
  func entered(by moment: Duration) -> Moments {
    let status = status(at: moment)
    var moments = Moments()
    if let started, moment >= started { moments.inProgress = started }
    if let allRowsDone, expiry == nil, moment >= allRowsDone, cancelling.map({ $0 >= allRowsDone }) ?? true {
      moments.finalizing = allRowsDone
    }
    if let cancelling, moment >= cancelling { moments.cancelling = cancelling }
    switch status {
    case .completed: moments.completed = end
    case .failed: moments.failed = end
    case .expired: moments.expired = end
    case .cancelled: moments.cancelled = end
    default: break
    }
    return moments
  }

  /// When states were entered.
  struct Moments: Sendable, Hashable {
    var inProgress: Duration?
    var finalizing: Duration?
    var completed: Duration?
    var failed: Duration?
    var expired: Duration?
    var cancelling: Duration?
    var cancelled: Duration?
  }
}
