// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A code by which the service names an error: of a call, of a batch, or of one row.
public struct ErrorCode: OpenEnum {
  /// The code as the service spells it.
  public let rawValue: String
  /// Creates the code that the service calls `rawValue`.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// The queued-token quota of the model is used up: nothing ran, the same file may be sent later.
  public static let tokenLimitExceeded = ErrorCode(rawValue: "token_limit_exceeded")
  /// Too many requests for the moment.
  public static let rateLimitExceeded = ErrorCode(rawValue: "rate_limit_exceeded")
  /// Too many requests for the moment; come back more slowly.
  public static let slowDown = ErrorCode(rawValue: "slow_down")
  /// A line of the input file is not valid JSON.
  public static let invalidJSONLine = ErrorCode(rawValue: "invalid_json_line")
  /// Two lines of the input file have the same `custom_id`.
  public static let duplicateCustomID = ErrorCode(rawValue: "duplicate_custom_id")
  /// The row was not run before the window ended.
  public static let batchExpired = ErrorCode(rawValue: "batch_expired")
  /// The row was not run because the batch was cancelled.
  public static let batchCancelled = ErrorCode(rawValue: "batch_cancelled")
  /// The row's request took too long.
  public static let requestTimeout = ErrorCode(rawValue: "request_timeout")

  /// Whether the code says that money is missing: only a person can help, so it is never retried.
  public var isBilling: Bool { Self.billing.contains(rawValue) }

  private static let billing: Set<String> = [
    "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_hard_limit_reached",
    "billing_not_active",
  ]
}
