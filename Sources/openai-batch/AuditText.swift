// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs

/// An audit as people and as programs read it.
enum AuditText {
  private static let shownGroups = 5

  static func summary(_ audit: BatchAudit) -> String {
    var lines = ["\(audit)"]
    for group in audit.groups.prefix(shownGroups) {
      let name = [group.kind.rawValue, group.statusCode.map(String.init), code(of: group)]
      lines.append(
        "  \(group.count) × \(name.compactMap(\.self).joined(separator: " ")), such as \(group.exampleID)")
    }
    for (word, ids) in [("duplicate", audit.duplicateIDs), ("unexpected", audit.unexpectedIDs)] {
      guard let first = ids.first else { continue }
      lines.append("  \(word), such as \(first.isEmpty ? "a line without custom_id" : first)")
    }
    if audit.usage.totalTokens > 0 {
      let usage = audit.usage
      lines.append(
        "  \(BatchText.count(usage.totalTokens, "token")) (\(usage.inputTokens) in, \(usage.outputTokens) out)"
      )
    }
    return lines.joined(separator: "\n")
  }

  /// The code, unless it says the same as the kind.
  private static func code(of group: BatchAudit.Group) -> String? {
    group.code.flatMap { $0.rawValue == group.kind.rawValue ? nil : $0.rawValue }
  }
}

/// An audit as JSON.
struct AuditRecord: Encodable {
  struct Group: Encodable {
    let kind: String
    let code: String?
    let statusCode: Int?
    let count: Int
    let exampleID: String

    enum CodingKeys: String, CodingKey {
      case kind, code, count
      case statusCode = "status_code"
      case exampleID = "example_id"
    }
  }

  let rows: Int
  let answered: Int
  let failed: [String: Int]
  let groups: [Group]
  let duplicates: Int
  let duplicateIDs: [String]
  let unexpected: Int
  let unexpectedIDs: [String]
  let deletedFiles: Int
  let usage: TokenUsage
  let isComplete: Bool

  enum CodingKeys: String, CodingKey {
    case rows, answered, failed, groups, duplicates, unexpected, usage
    case duplicateIDs = "duplicate_ids"
    case unexpectedIDs = "unexpected_ids"
    case deletedFiles = "deleted_files"
    case isComplete = "is_complete"
  }

  init(_ audit: BatchAudit) {
    rows = audit.rows
    answered = audit.answered
    failed = Dictionary(audit.failed.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: +)
    groups = audit.groups.map { group in
      Group(
        kind: group.kind.rawValue, code: group.code?.rawValue, statusCode: group.statusCode,
        count: group.count, exampleID: group.exampleID)
    }
    duplicates = audit.duplicates
    duplicateIDs = audit.duplicateIDs
    unexpected = audit.unexpected
    unexpectedIDs = audit.unexpectedIDs
    deletedFiles = audit.deletedFiles
    usage = audit.usage
    isComplete = audit.isComplete
  }
}
