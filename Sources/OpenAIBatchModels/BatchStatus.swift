// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Where a batch is in its life.
///
/// Known states are recognised in any case and spelling (`COMPLETED`, `InProgress`, `canceled`) and take the
/// service's own spelling; unknown ones are kept as they came and count as not terminal.
public struct BatchStatus: OpenEnum {
  /// The state in the service's spelling.
  public let rawValue: String

  /// Creates the state that `rawValue` means.
  public init(rawValue: String) {
    guard !Self.known.contains(rawValue) else {
      self.rawValue = rawValue
      return
    }
    let key = rawValue.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
    self.rawValue = Self.spellings[key] ?? rawValue
  }

  /// The input file is being checked.
  public static let validating = BatchStatus(rawValue: "validating")
  /// The input file, or the quota, was refused; nothing ran.
  public static let failed = BatchStatus(rawValue: "failed")
  /// Requests are running.
  public static let inProgress = BatchStatus(rawValue: "in_progress")
  /// The result files are being written.
  public static let finalizing = BatchStatus(rawValue: "finalizing")
  /// Every request was processed. They may all have failed: read both files.
  public static let completed = BatchStatus(rawValue: "completed")
  /// The window passed; what was finished is delivered.
  public static let expired = BatchStatus(rawValue: "expired")
  /// Cancelling: running requests may finish, for up to ten minutes.
  public static let cancelling = BatchStatus(rawValue: "cancelling")
  /// Cancelled; what was finished is delivered.
  public static let cancelled = BatchStatus(rawValue: "cancelled")

  /// Whether the batch has ended: completed, failed, expired or cancelled.
  public var isTerminal: Bool {
    switch self {
    case .completed, .failed, .expired, .cancelled: true
    default: false
    }
  }

  private static let known = [
    "completed", "in_progress", "failed", "expired", "cancelled", "cancelling", "finalizing", "validating",
  ]
  private static let spellings: [String: String] = [
    "validating": "validating", "failed": "failed", "inprogress": "in_progress", "finalizing": "finalizing",
    "completed": "completed", "expired": "expired", "cancelling": "cancelling", "canceling": "cancelling",
    "cancelled": "cancelled", "canceled": "cancelled",
  ]
}
