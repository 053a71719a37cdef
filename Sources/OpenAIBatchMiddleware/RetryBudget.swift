// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// A bucket of tokens that all calls of a client share: when a service is down, retries stop before they add
/// to its load.
///
/// A retry costs 14 tokens, 5 when the server throttles, and none when the server timed it by a hint. A call that
/// succeeds gives back what its last retry cost, or 1. The figures are those of the AWS SDKs.
public final class RetryBudget: Sendable {
  private let capacity: Int
  private let tokens: Mutex<Int>

  /// Creates a full bucket.
  ///
  /// - Parameter capacity: The tokens of a full bucket; 0 for no retries but those that the server times.
  public init(capacity: Int = 500) {
    self.capacity = max(0, capacity)
    tokens = Mutex(max(0, capacity))
  }

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
    self.tokens.withLock { $0 += min(tokens, capacity - $0) }
  }
}

extension RetryBudget: Hashable {
  /// Whether two names are of one bucket.
  public static func == (one: RetryBudget, other: RetryBudget) -> Bool { one === other }

  /// Hashes which bucket this is.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
