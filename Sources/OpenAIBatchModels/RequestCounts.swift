// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

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

  /// Requests that are neither completed nor failed: still waiting, or never run.
  public var unfinished: Int { max(0, total - completed - failed) }

  private enum CodingKeys: String, CodingKey { case total, completed, failed }

  /// Decodes counts; missing and null members are 0.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    total = container.tolerant(Int.self, .total) ?? 0
    completed = container.tolerant(Int.self, .completed) ?? 0
    failed = container.tolerant(Int.self, .failed) ?? 0
  }
}
