// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What to do about a batch that ended `failed`.
public enum BatchFailure: Sendable, Hashable {
  /// The queued-token quota is used up. Nothing ran: send the same file again when other batches have ended.
  case retryLater
  /// The input file has faults: mend them and upload it again.
  case fixInput([BatchError])
  /// Money is missing: a person must act.
  case billing
  /// The service gave no reason that we know; it may be its own fault, so trying again can help.
  case unknown
}

extension Batch {
  /// What to do about this batch, when it ended ``BatchStatus/failed``; `nil` otherwise.
  public var failure: BatchFailure? {
    guard status == .failed else { return nil }
    let codes = errors.compactMap(\.code)
    if codes.contains(.tokenLimitExceeded) { return .retryLater }
    if codes.contains(where: \.isBilling) { return .billing }
    let faults = errors.filter { $0.line != nil || $0.code.map(Self.inputFaults.contains) == true }
    return faults.isEmpty ? .unknown : .fixInput(errors)
  }

  /// Codes that speak of the file as a whole, seen without a line. `invalid_request` without a line is not
  /// among them: the service also says it when it cannot find a file that its Files API serves.
  private static let inputFaults: Set<ErrorCode> = [
    "invalid_json_line", "missing_required_parameter", "invalid_url", "url_mismatch", "url_not_found",
    "invalid_method", "model_not_found", "mismatched_model", "model_mismatch", "duplicate_custom_id",
    "streaming_unsupported", "empty_file", "too_many_tasks", "input_modified", "input_no_permissions",
  ]
}
