// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

extension BatchResponse {
  /// The embedding of the row's input, of several inputs that of the first; `nil` for other answers.
  public var embedding: [Float]? {
    json["data"]?[0]?["embedding"].flatMap(Self.vector)
  }

  /// The embeddings of the row's inputs, in the order of the inputs; empty for other answers, and when one of them
  /// cannot be read.
  public var embeddings: [[Float]] {
    let vectors =
      json["data"]?.elements.map { ($0["index"]?.int, $0["embedding"].flatMap(Self.vector)) } ?? []
    let found = vectors.enumerated().sorted { ($0.element.0 ?? $0.offset) < ($1.element.0 ?? $1.offset) }
      .compactMap(\.element.1)
    return found.count == vectors.count ? found : []
  }

  /// What was found in each of the row's inputs, by moderations; empty for other answers.
  public var moderations: [Moderation] {
    json["results"]?.elements.compactMap(Moderation.init) ?? []
  }

  /// Whether moderations flagged any of the row's inputs; `nil` for other answers.
  public var isFlagged: Bool? {
    let moderations = moderations
    return moderations.isEmpty ? nil : moderations.contains(where: \.flagged)
  }

  /// An array of numbers, or (`encoding_format` `base64`) the bytes of 32-bit floats, the lowest byte first.
  private static func vector(_ value: JSONValue) -> [Float]? {
    guard let text = value.string else { return value.floats }
    guard let bytes = Data(base64Encoded: text), bytes.count.isMultiple(of: 4) else { return nil }
    return stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { place in
      Float(bitPattern: bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
  }
}

/// What moderations found in one input.
public struct Moderation: Sendable, Hashable {
  /// Whether any category was found.
  public var flagged: Bool
  /// The categories, such as `violence/graphic`, and whether each was found.
  public var categories: [String: Bool]
  /// How sure the model is of each category: 0 to 1.
  public var categoryScores: [String: Double]

  /// Creates a finding, for tests.
  public init(flagged: Bool, categories: [String: Bool] = [:], categoryScores: [String: Double] = [:]) {
    self.flagged = flagged
    self.categories = categories
    self.categoryScores = categoryScores
  }

  fileprivate init?(_ value: JSONValue) {
    guard let flagged = value["flagged"]?.bool else { return nil }
    func pairs<Scalar>(_ key: String, _ read: (JSONValue) -> Scalar?) -> [String: Scalar] {
      let pairs =
        value[key]?.members.compactMap { member in read(member.value).map { (member.key, $0) } } ?? []
      return Dictionary(pairs) { first, _ in first }
    }
    self.init(
      flagged: flagged, categories: pairs("categories", \.bool),
      categoryScores: pairs("category_scores", \.double))
  }
}
