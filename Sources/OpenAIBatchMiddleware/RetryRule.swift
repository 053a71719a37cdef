// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Whether a failed attempt may be made again: a pure function of failure, effect and body.
///
/// Sources: RFC 9110 section 9.2.2 (no automatic repeat of what is not idempotent), the service's error guide
/// (which 429s need a person), and the official SDKs (statuses, `x-should-retry`).
struct RetryRule: Sendable {
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
    switch failure.status {
    case 429: return .retry(isThrottled: true)
    // With a hint the server says that it did not take the request; without one nobody knows.
    case 503: return mayRepeat || hasHint ? .retry(isThrottled: true) : .giveUp
    case 408, 500, 502, 504, 529: return mayRepeat ? .retry(isThrottled: false) : .giveUp
    case 409: return effect == .safe || isAsked ? .retry(isThrottled: false) : .giveUp
    case 400...: return isAsked ? .retry(isThrottled: false) : .giveUp
    default: return .giveUp
    }
  }
}
