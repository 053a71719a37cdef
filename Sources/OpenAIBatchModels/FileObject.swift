// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// A file on the service.
public struct FileObject: Sendable, Hashable, Identifiable {
  /// The file's id.
  public var id: FileID
  /// Always `file`.
  public var object: String
  /// The size in bytes; 0 when a provider does not say.
  public var bytes: Int
  /// When the file was made; the start of 1970 when a provider does not say.
  public var createdAt: Date
  /// When the service deletes it; `nil` for never, or when it does not say.
  public var expiresAt: Date?
  /// The name it was uploaded under.
  public var filename: String
  /// What it is for.
  public var purpose: FilePurpose
  /// `uploaded`, `processed`, `error` or another word; deprecated by the service.
  public var status: String?
  /// More about an error; deprecated by the service.
  public var statusDetails: String?

  /// Creates a file object, for tests and simulations.
  public init(
    id: FileID, bytes: Int, createdAt: Date, expiresAt: Date? = nil, filename: String, purpose: FilePurpose,
    status: String? = nil
  ) {
    self.id = id
    self.object = "file"
    self.bytes = bytes
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.filename = filename
    self.purpose = purpose
    self.status = status
  }
}

extension FileObject: Codable {
  private enum CodingKeys: String, CodingKey {
    case id, object, bytes, filename, purpose, status
    case createdAt = "created_at"
    case expiresAt = "expires_at"
    case statusDetails = "status_details"
  }

  /// Decodes a file object; only its `id` is required.
  public init(from decoder: any Decoder) throws { try self.init(reading: decoder) }

  /// Encodes the service's own shape.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(object, forKey: .object)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(timestamp: createdAt, .createdAt)
    try container.encode(timestamp: expiresAt, .expiresAt)
    try container.encode(filename, forKey: .filename)
    try container.encode(purpose, forKey: .purpose)
    try container.encodeIfPresent(status, forKey: .status)
    try container.encode(statusDetails, forKey: .statusDetails)
  }
}

/// What a file is for.
public struct FilePurpose: OpenEnum {
  /// The purpose as the service spells it.
  public let rawValue: String
  /// Creates the purpose that the service calls `rawValue`.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// The input of a batch. Deleted after 30 days unless an expiry is given.
  public static let batch = FilePurpose(rawValue: "batch")
  /// The results of a batch.
  public static let batchOutput = FilePurpose(rawValue: "batch_output")
  /// For evals.
  public static let evals = FilePurpose(rawValue: "evals")
  /// For fine-tuning.
  public static let fineTune = FilePurpose(rawValue: "fine-tune")
  /// For the model's input.
  public static let userData = FilePurpose(rawValue: "user_data")
  /// Images for the model's input.
  public static let vision = FilePurpose(rawValue: "vision")
  /// For assistants.
  public static let assistants = FilePurpose(rawValue: "assistants")
}

/// The service's answer to deleting a file.
public struct FileDeletion: Sendable, Hashable, Codable {
  /// The file's id.
  public var id: FileID
  /// Whether it is gone.
  public var deleted: Bool

  /// Creates an answer.
  public init(id: FileID, deleted: Bool) {
    self.id = id
    self.deleted = deleted
  }

  private enum CodingKeys: String, CodingKey { case id, object, deleted }

  /// Decodes an answer; a missing `deleted` means that it is.
  public init(from decoder: any Decoder) throws { try self.init(reading: decoder) }

  /// Encodes the service's own shape.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode("file", forKey: .object)
    try container.encode(deleted, forKey: .deleted)
  }
}

extension FileObject: JSONReadable {
  package init(_ json: JSONView) throws(JSONMisfit) {
    var members = try Members(of: json, by: CodingKeys.self)
    id = FileID(try members.id(.id))
    object = members.text(.object) ?? "file"
    bytes = members.integer(.bytes) ?? 0
    createdAt = try members.timestamp(.createdAt) ?? Date(timeIntervalSince1970: 0)
    expiresAt = try members.timestamp(.expiresAt)
    filename = members.text(.filename) ?? ""
    purpose = FilePurpose(members.text(.purpose) ?? "")
    status = members.text(.status)
    statusDetails = members.text(.statusDetails)
  }
}

extension FileDeletion: JSONReadable {
  package init(_ json: JSONView) throws(JSONMisfit) {
    var members = try Members(of: json, by: CodingKeys.self)
    id = FileID(members.text(.id) ?? "")
    deleted = members[.deleted]?.bool ?? true
  }
}
