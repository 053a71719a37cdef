// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Whether a failed attempt may be made again: a pure function of failure, effect and body.
///
/// What never arrived may always be sent again, what was interrupted only if the operation is not a create. Of the
/// statuses those in ``statuses`` may, but not where the service says that money is missing, and for a create
/// only 429, and 503 with a `Retry-After`: nobody knows what became of the others. `x-should-retry: false` always
/// wins; `true` permits any status from 400 on, but not for creates.
///
/// Sources: RFC 9110 section 9.2.2 (no automatic repeat of what is not idempotent), the service's error guide
/// (which 429s need a person), and the official SDKs (statuses, `x-should-retry`).
public struct RetryRule: Sendable, Hashable {
  /// The statuses after which an operation that may be repeated is tried again; also 409, for reading only.
  public var statuses: Set<Int>

  /// Creates a rule.
  public init(statuses: Set<Int>) {
    self.statuses = statuses
  }

  /// 408, 429, 500, 502, 503, 504 and 529.
  public static let standard = RetryRule(statuses: [408, 429, 500, 502, 503, 504, 529])

  enum Verdict: Sendable, Hashable {
    case giveUp
    /// Try again; a throttled server costs less of the budget than a broken one.
    case retry(isThrottled: Bool)
  }

  func verdict(on failure: CallFailure, effect: Effect, isReplayable: Bool, hasHint: Bool) -> Verdict {
    guard isReplayable else { return .giveUp }
    switch failure.reason {
    case .transport(let failure): return verdict(on: failure, effect)
    case .status(let failure): return verdict(on: failure, effect, hasHint)
    case .configuration, .middleware: return .giveUp
    }
  }

  private func verdict(on failure: TransportFailure, _ effect: Effect) -> Verdict {
    switch failure.kind {
    case .notSent:
      effect != .creates || !failure.mayHaveReachedServer ? .retry(isThrottled: false) : .giveUp
    // Time ran out before anything was sent: it was the call's own time, and there is none left.
    case .timedOut where !failure.mayHaveReachedServer: .giveUp
    case .interrupted, .timedOut, .truncated:
      effect != .creates ? .retry(isThrottled: false) : .giveUp
    case .insecure, .proxy, .tooLarge, .malformed, .invalid, .body, .cancelled, .shutDown: .giveUp
    }
  }

  private func verdict(on failure: StatusFailure, _ effect: Effect, _ hasHint: Bool) -> Verdict {
    if failure.shouldRetry == false || failure.isBilling { return .giveUp }
    let mayRepeat = effect != .creates
    let isAsked = mayRepeat && failure.shouldRetry == true
    let isThrottled = failure.status == 429 || failure.status == 503
    let isListed = statuses.contains(failure.status) || (failure.status == 409 && effect == .safe)
    // With a hint a 503 says that the request was not taken; without one nobody knows.
    let isRefusal = failure.status == 429 || (failure.status == 503 && hasHint)
    let mayTry = mayRepeat ? isListed || (isAsked && failure.status >= 400) : isListed && isRefusal
    return mayTry ? .retry(isThrottled: isThrottled) : .giveUp
  }
}
