// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What a new batch is made of.
public struct CreateBatchRequest: Sendable, Hashable {
  /// An uploaded file of purpose `batch`, at most 50,000 lines and 200 MB.
  public var inputFileID: FileID
  /// The endpoint that every line's `url` names.
  public var endpoint: BatchEndpoint
  /// How long the service may take.
  public var completionWindow: CompletionWindow
  /// Up to 16 pairs; keys of at most 64 and values of at most 512 characters.
  public var metadata: [String: String]?
  /// When the service deletes the result files; 30 days after they are made if not given.
  public var outputExpiresAfter: FileExpiration?

  /// Creates a request. Its limits are checked before anything is sent.
  ///
  /// - Parameters:
  ///   - inputFileID: An uploaded file of purpose `batch`.
  ///   - endpoint: The endpoint that every line's `url` names.
  ///   - completionWindow: 24 hours, the only window at OpenAI.
  ///   - metadata: Up to 15 pairs of your own, 16 for an unguarded create: one is reserved for the key.
  ///   - outputExpiresAfter: When the result files are deleted.
  public init(
    inputFileID: FileID, endpoint: BatchEndpoint, completionWindow: CompletionWindow = .hours24,
    metadata: [String: String]? = nil, outputExpiresAfter: FileExpiration? = nil
  ) {
    self.inputFileID = inputFileID
    self.endpoint = endpoint
    self.completionWindow = completionWindow
    self.metadata = metadata
    self.outputExpiresAfter = outputExpiresAfter
  }
}

extension CreateBatchRequest: Codable {
  private enum CodingKeys: String, CodingKey {
    case endpoint, metadata
    case inputFileID = "input_file_id"
    case completionWindow = "completion_window"
    case outputExpiresAfter = "output_expires_after"
  }
}

extension CreateBatchRequest {
  /// Checks the limits that the service documents.
  ///
  /// - Throws: ``InvalidParameter`` with the field, the value and the allowed range.
  public func validate() throws(InvalidParameter) {
    try InvalidParameter.check(inputFileID.rawValue, named: "input_file_id")
    try InvalidParameter.check(endpoint.rawValue, named: "endpoint")
    try InvalidParameter.check(completionWindow.rawValue, named: "completion_window")
    if let metadata { try Self.validate(metadata) }
    try outputExpiresAfter?.validate(field: "output_expires_after")
  }

  private static func validate(_ metadata: [String: String]) throws(InvalidParameter) {
    guard metadata.count <= 16 else {
      throw InvalidParameter(field: "metadata", value: "\(metadata.count) pairs", allowed: "at most 16 pairs")
    }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      guard 1...64 ~= key.unicodeScalars.count else {
        throw InvalidParameter(
          field: "metadata key \"\(key.prefix(80))\"", value: "\(key.unicodeScalars.count) characters",
          allowed: "1…64 characters")
      }
      guard value.unicodeScalars.count <= 512 else {
        throw InvalidParameter(
          field: "metadata.\(key)", value: "\(value.unicodeScalars.count) characters",
          allowed: "at most 512 characters")
      }
    }
  }
}

/// When a file is deleted by the service.
public struct FileExpiration: Sendable, Hashable, Codable {
  /// The moment from which the seconds count.
  public struct Anchor: OpenEnum {
    /// The anchor as the service spells it.
    public let rawValue: String
    /// Creates the anchor that the service calls `rawValue`.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// When the file itself was made (for results: not when the batch was).
    public static let createdAt = Anchor(rawValue: "created_at")
  }

  /// The moment from which the seconds count.
  public var anchor: Anchor
  /// 3,600 (one hour) to 2,592,000 (thirty days).
  public var seconds: Int

  /// Creates an expiration.
  public init(anchor: Anchor = .createdAt, seconds: Int) {
    self.anchor = anchor
    self.seconds = seconds
  }

  package func validate(field: String) throws(InvalidParameter) {
    guard 3600...2_592_000 ~= seconds else {
      throw InvalidParameter(
        field: "\(field).seconds", value: "\(seconds)", allowed: "3600…2592000 (one hour to thirty days)")
    }
  }
}
