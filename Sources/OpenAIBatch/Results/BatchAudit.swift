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
    /// How many rows.
    public internal(set) var count: Int
    /// One of them: of all ids the first in the alphabet.
    public internal(set) var exampleID: String
  }

  /// Rows of the input.
  public internal(set) var rows = 0
  /// Rows that were answered.
  public internal(set) var answered = 0
  /// Rows that failed, by kind; ``missing`` ones among them. Rows of the input whose id cannot join a result,
  /// because they have none or share one, count as `invalid`.
  public internal(set) var failed: [RowFailure.Kind: Int] = [:]
  /// The classes of failure, the largest first; at most 100.
  public internal(set) var groups: [Group] = []
  /// Result lines beyond the first for one id.
  public internal(set) var duplicates = 0
  /// Up to 20 ids that came back more than once.
  public internal(set) var duplicateIDs: [String] = []
  /// Result lines whose id no row of the input has.
  public internal(set) var unexpected = 0
  /// Up to 20 ids that no row of the input has.
  public internal(set) var unexpectedIDs: [String] = []
  /// Tokens used by all answers together.
  public internal(set) var usage = TokenUsage(inputTokens: 0, outputTokens: 0)

  /// Rows that came back in neither file.
  public var missing: Int { failed[.missing] ?? 0 }

  /// Whether every row was answered, and nothing else came back.
  public var isComplete: Bool { answered == rows && duplicates == 0 && unexpected == 0 }

  /// Throws unless every row was answered.
  ///
  /// - Throws: ``BatchClientError`` of kind `incomplete` that says what is not.
  public func requireComplete() throws(BatchClientError) {
    guard !isComplete else { return }
    throw BatchClientError(.incomplete, operation: "audit", "Not all rows are answered: \(self)")
  }
}

extension BatchAudit: CustomStringConvertible {
  /// `49981 answered, 12 rejected, 2 missing, 1 unexpected (of 50000 rows)`
  public var description: String {
    let failures = failed.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
      .map { "\($0.value) \($0.key)" }
    let findings = [
      duplicates > 0 ? "\(duplicates) duplicate" : nil, unexpected > 0 ? "\(unexpected) unexpected" : nil,
    ]
    let parts = ["\(answered) answered"] + failures + findings.compactMap(\.self)
    return "\(parts.joined(separator: ", ")) (of \(rows) rows)"
  }
}

extension BatchAudit {
  mutating func count(_ result: BatchResult<BatchResponse>) {
    switch result.outcome {
    case .success(let response):
      answered += 1
      if let used = response.usage { usage = usage + used }
    case .failure(let failure):
      failed[failure.kind, default: 0] += 1
      if let index = groups.firstIndex(where: { $0.kind == failure.kind && $0.code == failure.code }) {
        groups[index].count += 1
        groups[index].exampleID = min(groups[index].exampleID, result.customID)
      } else if groups.count < 100 {
        groups.append(Group(kind: failure.kind, code: failure.code, count: 1, exampleID: result.customID))
      }
    }
  }

  mutating func countDuplicate(_ id: String) {
    duplicates += 1
    if duplicateIDs.count < 20 { duplicateIDs.append(id) }
  }

  mutating func countUnexpected(_ id: String) {
    unexpected += 1
    if unexpectedIDs.count < 20 { unexpectedIDs.append(id) }
  }
}

extension TokenUsage {
  static func + (left: TokenUsage, right: TokenUsage) -> TokenUsage {
    TokenUsage(
      inputTokens: left.inputTokens &+ right.inputTokens,
      cachedTokens: left.cachedTokens &+ right.cachedTokens,
      outputTokens: left.outputTokens &+ right.outputTokens,
      reasoningTokens: left.reasoningTokens &+ right.reasoningTokens,
      totalTokens: left.totalTokens &+ right.totalTokens)
  }
}
