// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatch

/// What happens in a job, in this order.
public enum JobEvent: Sendable {
  /// The input is good.
  case checked(RequestFile)
  /// What an earlier batch of this job has answered was deleted: its rows are sent again, and paid for again.
  case answersGone(Batch)
  /// A second batch of this job, which a process that ran beside this one or died had made, is being cancelled.
  case cancelled(twin: Batch)
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

extension JobEvent: CustomStringConvertible {
  /// What happened, in one line.
  public var description: String {
    switch self {
    case .checked(let file): "checked \(file.path): \(file.rows) rows, \(file.bytes) bytes"
    case .answersGone(let batch): "the answers of \(batch.id) are gone"
    case .cancelled(let twin): "cancelled \(twin.id), a second batch of this job"
    case .adopted(let batch): "going on with \(batch.id), \(batch.status)"
    case .uploading(let file): "uploading \(file.bytes) bytes"
    case .uploaded(let file): "uploaded \(file.id)"
    case .created(let batch): "created \(batch.id)"
    case .update(let update): "\(update.batch.id) is \(update.status), \(update.requestCounts)"
    case .fetching(let batch): "fetching the answers of \(batch.id), \(batch.status)"
    case .finished(let report): "finished: \(report.audit)"
    }
  }
}

/// What became of a job's rows.
public struct JobReport: Sendable, Hashable {
  /// The batch, as it ended.
  public let batch: Batch
  /// The account of its rows, each of which has one line in the output.
  public let audit: BatchAudit

  /// Creates a report; for tests.
  public init(batch: Batch, audit: BatchAudit) {
    self.batch = batch
    self.audit = audit
  }

  /// Whether every row was answered, and nothing else came back: ``BatchAudit/isComplete``.
  public var isComplete: Bool { audit.isComplete }
}
