// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// A bucket of tokens that all calls of a client share: when a service is down, retries stop before they add
/// to its load. The figures are those of the AWS SDKs.
package final class RetryBudget: Sendable {
  private static let capacity = 500
  private let tokens = Mutex(capacity)

  /// Creates a full bucket.
  package init() {}

  /// What a retry costs: 5 for a throttled server, 14 otherwise.
  static func cost(isThrottled: Bool) -> Int { isThrottled ? 5 : 14 }

  /// Takes the cost of a retry, if it is there.
  func withdraw(_ cost: Int) -> Bool {
    tokens.withLock { tokens in
      guard tokens >= cost else { return false }
      tokens -= cost
      return true
    }
  }

  /// Gives tokens back: the last retry's cost after a success, 1 after a success without a retry, the whole
  /// cost of a retry that was cancelled before it was made.
  func refund(_ tokens: Int) {
    self.tokens.withLock { $0 = min(Self.capacity, $0 + tokens) }
  }
}
