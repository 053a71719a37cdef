// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// A batch, as the service describes it.
///
/// Decoding absorbs what compatible providers send in place of the documented shape: states in any case,
/// timestamps as seconds, milliseconds or ISO 8601 text, `""` for absent, `errors` as an object, a list or a
/// text, missing or null counts, and Together's spellings (`error`, `model_id`, `job_deadline`, a batch
/// wrapped in `job`).
public struct Batch: Sendable, Hashable, Identifiable {
  /// The batch's id.
  public var id: BatchID
  /// Always `batch`.
  public var object: String
  /// The endpoint that all requests call; empty when a provider does not say.
  public var endpoint: BatchEndpoint
  /// The model that the batch ran with, often a resolved snapshot name; newer batches only.
  public var model: String?
  /// Why validation failed; empty otherwise.
  public var errors: [BatchError]
  /// The input file's id; empty when a provider does not say.
  public var inputFileID: FileID
  /// The promised time; empty when a provider does not say.
  public var completionWindow: CompletionWindow
  /// Where the batch is in its life.
  public var status: BatchStatus
  /// The file of the requests that were answered, once there is one.
  public var outputFileID: FileID?
  /// The file of the requests that failed or were not run, once there is one.
  public var errorFileID: FileID?
  /// When the batch was created; the start of 1970 when a provider does not say.
  public var createdAt: Date
  /// When requests began to run.
  public var inProgressAt: Date?
  /// When the window ends. Set by the service: never compute it from ``createdAt``.
  public var expiresAt: Date?
  /// When the result files began to be written.
  public var finalizingAt: Date?
  /// When the batch completed.
  public var completedAt: Date?
  /// When validation failed.
  public var failedAt: Date?
  /// When the batch expired.
  public var expiredAt: Date?
  /// When cancelling began.
  public var cancellingAt: Date?
  /// When the batch was cancelled.
  public var cancelledAt: Date?
  /// How many requests there are, and how they ended; zeros while validating, or when a provider does not say.
  public var requestCounts: RequestCounts
  /// Tokens used; batches created after 7 September 2025 only.
  public var usage: TokenUsage?
  /// The pairs given at creation.
  public var metadata: [String: String]?

  /// Creates a batch, for tests and simulations.
  public init(
    id: BatchID, endpoint: BatchEndpoint, inputFileID: FileID, completionWindow: CompletionWindow = .hours24,
    status: BatchStatus, createdAt: Date, requestCounts: RequestCounts = RequestCounts(),
    metadata: [String: String]? = nil
  ) {
    self.id = id
    self.object = "batch"
    self.endpoint = endpoint
    self.errors = []
    self.inputFileID = inputFileID
    self.completionWindow = completionWindow
    self.status = status
    self.createdAt = createdAt
    self.requestCounts = requestCounts
    self.metadata = metadata
  }
}

extension Batch: Codable {
  private enum CodingKeys: String, CodingKey {
    case id, object, endpoint, model, errors, status, usage, metadata
    case inputFileID = "input_file_id"
    case completionWindow = "completion_window"
    case outputFileID = "output_file_id"
    case errorFileID = "error_file_id"
    case createdAt = "created_at"
    case inProgressAt = "in_progress_at"
    case expiresAt = "expires_at"
    case finalizingAt = "finalizing_at"
    case completedAt = "completed_at"
    case failedAt = "failed_at"
    case expiredAt = "expired_at"
    case cancellingAt = "cancelling_at"
    case cancelledAt = "cancelled_at"
    case requestCounts = "request_counts"
    // Together's; read, never written.
    case job, error
    case modelID = "model_id"
    case jobDeadline = "job_deadline"
  }

  /// Decodes a batch; only its `id` is required. A timestamp that cannot be read is an error.
  public init(from decoder: any Decoder) throws { try self.init(reading: decoder) }

  /// Encodes the service's own shape: absent values are null, timestamps seconds, as integers where whole.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(object, forKey: .object)
    try container.encode(endpoint, forKey: .endpoint)
    try container.encode(model, forKey: .model)
    try container.encode(errors.isEmpty ? nil : BatchErrorList(errors: errors), forKey: .errors)
    try container.encode(inputFileID, forKey: .inputFileID)
    try container.encode(completionWindow, forKey: .completionWindow)
    try container.encode(status, forKey: .status)
    try container.encode(outputFileID, forKey: .outputFileID)
    try container.encode(errorFileID, forKey: .errorFileID)
    try container.encode(timestamp: createdAt, .createdAt)
    try container.encode(timestamp: inProgressAt, .inProgressAt)
    try container.encode(timestamp: expiresAt, .expiresAt)
    try container.encode(timestamp: finalizingAt, .finalizingAt)
    try container.encode(timestamp: completedAt, .completedAt)
    try container.encode(timestamp: failedAt, .failedAt)
    try container.encode(timestamp: expiredAt, .expiredAt)
    try container.encode(timestamp: cancellingAt, .cancellingAt)
    try container.encode(timestamp: cancelledAt, .cancelledAt)
    try container.encode(requestCounts, forKey: .requestCounts)
    try container.encode(usage, forKey: .usage)
    try container.encode(metadata, forKey: .metadata)
  }
}

extension Batch: JSONReadable {
  package init(_ json: JSONView) throws(JSONMisfit) {
    var members = try Members(of: json, by: CodingKeys.self)
    if members[.id] == nil, let job = members[.job] { members = try Members(of: job) }
    id = BatchID(try members.id(.id))
    object = members.text(.object) ?? "batch"
    endpoint = BatchEndpoint(members.text(.endpoint) ?? "")
    model = members.text(.model) ?? members.text(.modelID)
    let given = members.read(BatchErrorList.self, .errors)?.errors ?? []
    errors = given.isEmpty ? members.read(BatchErrorList.self, .error)?.errors ?? [] : given
    inputFileID = FileID(members.text(.inputFileID) ?? "")
    completionWindow = CompletionWindow(members.text(.completionWindow) ?? "")
    status = BatchStatus(members.text(.status) ?? "")
    outputFileID = members.text(.outputFileID).map(FileID.init)
    errorFileID = members.text(.errorFileID).map(FileID.init)
    createdAt = try members.timestamp(.createdAt) ?? Date(timeIntervalSince1970: 0)
    inProgressAt = try members.timestamp(.inProgressAt)
    expiresAt = try members.timestamp(.expiresAt)
    if expiresAt == nil { expiresAt = try members.timestamp(.jobDeadline) }
    finalizingAt = try members.timestamp(.finalizingAt)
    completedAt = try members.timestamp(.completedAt)
    failedAt = try members.timestamp(.failedAt)
    expiredAt = try members.timestamp(.expiredAt)
    cancellingAt = try members.timestamp(.cancellingAt)
    cancelledAt = try members.timestamp(.cancelledAt)
    requestCounts = members.read(RequestCounts.self, .requestCounts) ?? RequestCounts()
    usage = members.read(TokenUsage.self, .usage)
    metadata = members.stringPairs(.metadata)
  }
}
