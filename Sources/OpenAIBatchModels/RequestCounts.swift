// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON

/// How many requests a batch has, and how many ended how.
public struct RequestCounts: Sendable, Hashable, Codable {
  /// All requests of the batch; 0 until it is validated.
  public var total: Int
  /// Requests that succeeded.
  public var completed: Int
  /// Requests that failed. Requests that were not run, as in an expired batch, are in neither count.
  public var failed: Int

  /// Creates counts; zero by default.
  public init(total: Int = 0, completed: Int = 0, failed: Int = 0) {
    self.total = total
    self.completed = completed
    self.failed = failed
  }

  /// Requests that are neither completed nor failed: still waiting, or never run. Never negative.
  public var unfinished: Int {
    // Counts come from outside: plain subtraction could overflow.
    [completed, failed].reduce(max(0, total)) { left, part in left - min(left, max(0, part)) }
  }

  /// Requests that completed or failed. Never negative, and never more than fits.
  public var ended: Int {
    let (sum, overflows) = max(0, completed).addingReportingOverflow(max(0, failed))
    return overflows ? .max : sum
  }

  private enum CodingKeys: String, CodingKey { case total, completed, failed }

  /// Decodes counts; missing and null members are 0.
  public init(from decoder: any Decoder) throws { try self.init(reading: decoder) }
}

extension RequestCounts: CustomStringConvertible {
  /// `41200 of 50000 completed, 3 failed`
  public var description: String { "\(completed) of \(total) completed, \(failed) failed" }
}

extension RequestCounts: JSONReadable {
  package init(_ json: JSONView) throws(JSONMisfit) {
    var members = try Members(of: json, by: CodingKeys.self)
    total = members.integer(.total) ?? 0
    completed = members.integer(.completed) ?? 0
    failed = members.integer(.failed) ?? 0
  }
}
