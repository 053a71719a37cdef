// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// How many requests a client may make in a time. Attempts count, not calls.
///
/// ```swift
/// configuration.rateLimit = .documented
/// configuration.rateLimit = .requests(600, per: .seconds(60), burst: 20)
///   .and(.requests(100, per: .seconds(3600)), for: .creates)
/// ```
///
/// Every limit but ``unlimited`` also learns from the service, for each ``OperationFamily`` by itself: no more
/// requests are made than `x-ratelimit-remaining-requests` says, until `x-ratelimit-reset-requests` is over, and
/// none while the `Retry-After` of a 429 lasts; what a server says holds a request for 120 s at most.
/// A 429 also doubles the distance between requests, from 250 ms up to 10 s; each success takes a tenth off it.
public struct RateLimit: Sendable, Hashable {
  struct Rule: Sendable, Hashable {
    /// What it counts; `nil` for all requests.
    var family: OperationFamily?
    /// The time between two requests at the steady rate.
    let interval: Duration
    let burst: Int
  }
  let rules: [Rule]
  let isUnlimited: Bool

  private init(_ rules: [Rule], isUnlimited: Bool = false) {
    self.rules = rules
    self.isUnlimited = isUnlimited
  }

  /// No limit, and nothing is learned.
  public static let unlimited = RateLimit([], isUnlimited: true)

  /// No limit of its own: only what the service says.
  public static let adaptive = RateLimit([])

  /// The service's documented limits: in any hour at most 2,000 creations, in any minute at most 1,000 uploads.
  public static let documented =
    adaptive
    .and(.requests(1900, per: .seconds(3600), burst: 100), for: .creates)
    .and(.requests(900, per: .seconds(60), burst: 100), for: .uploads)

  /// At most `burst` requests at once, and `count` in each `period` after that: in any time of that length at
  /// most `burst + count`.
  ///
  /// - Parameters:
  ///   - count: 1 or more.
  ///   - period: From 1 ns to 365 days.
  ///   - burst: How many may go at once after a pause: 1 to 1,000,000.
  ///
  /// Values out of range are clamped.
  public static func requests(_ count: Int, per period: Duration, burst: Int = 1) -> RateLimit {
    let period = min(max(period, .nanoseconds(1)), .seconds(365 * 86_400))
    let rule = Rule(interval: period / max(count, 1), burst: min(max(burst, 1), 1_000_000))
    return RateLimit([rule])
  }

  /// Both limits: a request waits until each of them admits it.
  ///
  /// - Parameters:
  ///   - other: The second limit.
  ///   - family: What the second one counts; all requests if not given.
  public func and(_ other: RateLimit, for family: OperationFamily? = nil) -> RateLimit {
    let added = other.rules.map { rule in
      Rule(family: rule.family ?? family, interval: rule.interval, burst: rule.burst)
    }
    return RateLimit(rules + added, isUnlimited: isUnlimited && other.isUnlimited)
  }
}

/// Operations that a service limits together.
public enum OperationFamily: String, Sendable, Hashable, CaseIterable {
  /// Creating batches.
  case creates
  /// Uploading files.
  case uploads
  /// Fetching the content of files.
  case downloads
  /// All else: asking, listing, cancelling, deleting.
  case queries
}

extension CallContext {
  /// What the operation is counted with.
  public var family: OperationFamily {
    switch effect {
    case .creates: .creates
    case .duplicable: .uploads
    case .safe where collectLimit == nil: .downloads
    case .safe, .idempotent: .queries
    }
  }
}
