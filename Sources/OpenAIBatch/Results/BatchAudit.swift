// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels

/// The account of a batch: every row of the input in exactly one place.
public struct BatchAudit: Sendable, Hashable {
  /// A class of failed rows.
  public struct Group: Sendable, Hashable {
    /// The kind of failure.
    public let kind: RowFailure.Kind
    /// The service's code, where there was one.
    public let code: ErrorCode?
    /// The endpoint's status, where it answered.
    public let statusCode: Int?
    /// How many rows.
    public let count: Int
    /// One of them: the first of the input.
    public let exampleID: String

    /// Creates a class; for tests.
    public init(
      kind: RowFailure.Kind, code: ErrorCode? = nil, statusCode: Int? = nil, count: Int, exampleID: String
    ) {
      self.kind = kind
      self.code = code
      self.statusCode = statusCode
      self.count = count
      self.exampleID = exampleID
    }
  }

  /// Rows of the input.
  public var rows = 0
  /// Rows that were answered.
  public var answered = 0
  /// Rows that failed, by kind; ``missing`` ones among them. Rows of the input whose id cannot join a result,
  /// because they have none or share one, count as `invalid`.
  public var failed: [RowFailure.Kind: Int] = [:]
  /// The classes of failure, the largest first; at most 100.
  public var groups: [Group] = []
  /// Result lines beyond the first for one id.
  public var duplicates = 0
  /// Up to 20 ids that came back more than once.
  public var duplicateIDs: [String] = []
  /// Result lines whose id no row of the input has.
  public var unexpected = 0
  /// Up to 20 ids that no row of the input has.
  public var unexpectedIDs: [String] = []
  /// Result files that the service does not have any more: the rows that were in them count as missing.
  public var deletedFiles = 0
  /// Tokens used by all answers together.
  public var usage = TokenUsage(inputTokens: 0, outputTokens: 0)

  /// Creates the audit of no rows; for tests.
  public init() {}

  /// Rows that came back in neither file.
  public var missing: Int { failed[.missing] ?? 0 }

  /// Whether every row was answered, and nothing else came back.
  public var isComplete: Bool { answered == rows && duplicates == 0 && unexpected == 0 }

  /// Throws unless every row was answered, and nothing else came back.
  ///
  /// - Throws: ``BatchClientError`` of kind `incomplete` that says what is not.
  public func requireComplete() throws(BatchClientError) {
    guard !isComplete else { return }
    let finding =
      answered == rows
      ? "All rows are answered, but lines came back that no row accounts for" : "Not all rows are answered"
    throw BatchClientError(.incomplete, operation: "audit", "\(finding): \(self)")
  }
}

extension BatchAudit: CustomStringConvertible {
  /// `49981 answered, 12 rejected, 2 missing, 1 unexpected (of 50000 rows)`
  public var description: String {
    let failures = failed.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
      .map { "\($0.value) \($0.key)" }
    let findings = [
      duplicates > 0 ? "\(duplicates) duplicate" : nil, unexpected > 0 ? "\(unexpected) unexpected" : nil,
      deletedFiles > 0 ? "\(deletedFiles) result file deleted" : nil,
    ]
    let parts = ["\(answered) answered"] + failures + findings.compactMap(\.self)
    return "\(parts.joined(separator: ", ")) (of \(rows) rows)"
  }
}

extension BatchAudit {
  private static let maximumGroups = 100
  private static let maximumIDs = 20

  mutating func addDuplicate(_ id: String) {
    duplicates += 1
    Self.add(id, to: &duplicateIDs)
  }

  mutating func addUnexpected(_ id: String) {
    unexpected += 1
    Self.add(id, to: &unexpectedIDs)
  }

  private static func add(_ id: String, to examples: inout [String]) {
    if examples.count < maximumIDs, !examples.contains(id) { examples.append(id) }
  }

  /// Adds the classes of failed rows.
  mutating func add(_ groups: [Group]) {
    for group in groups { failed[group.kind, default: 0] += group.count }
    let sorted = groups.sorted {
      ($1.count, $0.kind.rawValue, $0.exampleID) < ($0.count, $1.kind.rawValue, $1.exampleID)
    }
    self.groups = Array(sorted.prefix(Self.maximumGroups))
  }
}

extension TokenUsage {
  static func + (left: TokenUsage, right: TokenUsage) -> TokenUsage {
    TokenUsage(
      inputTokens: left.inputTokens.addingSaturated(right.inputTokens),
      cachedTokens: left.cachedTokens.addingSaturated(right.cachedTokens),
      outputTokens: left.outputTokens.addingSaturated(right.outputTokens),
      reasoningTokens: left.reasoningTokens.addingSaturated(right.reasoningTokens),
      totalTokens: left.totalTokens.addingSaturated(right.totalTokens))
  }
}
