// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatch

/// What happens in a job, in this order.
public enum JobEvent: Sendable {
  /// The input is good.
  case checked(RequestFile)
  /// A batch of an earlier run of this job was found, and is gone on with.
  case adopted(Batch)
  /// The upload begins.
  case uploading(RequestFile)
  /// The input is on the service, now or from an earlier run.
  case uploaded(FileObject)
  /// A new batch was created.
  case created(Batch)
  /// The batch was looked at.
  case update(BatchUpdate)
  /// The batch has ended; its results are being fetched.
  case fetching(Batch)
  /// The answers are written.
  case finished(JobReport)
}

/// What became of a job's rows. The numbers of answered and failed rows sum to ``rows``.
public struct JobReport: Sendable, Hashable {
  /// The batch, as it ended.
  public let batch: Batch
  /// Rows of the input, each with one line in the output.
  public internal(set) var rows = 0
  /// Rows that were answered.
  public internal(set) var answered = 0
  /// Rows that failed, by kind; missing ones among them.
  public internal(set) var failed: [RowFailure.Kind: Int] = [:]
  /// The codes of failed rows, each with its count and one row as an example; at most 100.
  public internal(set) var codes: [String: Example] = [:]
  /// Result lines beyond the one that was used for their row.
  public internal(set) var duplicates = 0
  /// Result lines that belong to no row.
  public internal(set) var unexpected = 0

  /// A count with an example.
  public struct Example: Sendable, Hashable {
    /// How many rows.
    public internal(set) var count: Int
    /// The `custom_id` of one of them.
    public let customID: String
  }

  init(batch: Batch) { self.batch = batch }

  /// Whether every row was answered.
  public var isComplete: Bool { answered == rows }
}
