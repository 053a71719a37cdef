// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON

/// Tokens that a batch, or one response, used.
public struct TokenUsage: Sendable, Hashable {
  /// Tokens of the input, cached ones included.
  public var inputTokens: Int
  /// Of these, tokens that came from the cache.
  public var cachedTokens: Int
  /// Tokens of the output, reasoning included.
  public var outputTokens: Int
  /// Of these, tokens of reasoning.
  public var reasoningTokens: Int
  /// Input and output together.
  public var totalTokens: Int

  /// Creates a usage; the total is the sum unless given.
  public init(
    inputTokens: Int, cachedTokens: Int = 0, outputTokens: Int, reasoningTokens: Int = 0,
    totalTokens: Int? = nil
  ) {
    self.inputTokens = inputTokens
    self.cachedTokens = cachedTokens
    self.outputTokens = outputTokens
    self.reasoningTokens = reasoningTokens
    self.totalTokens = totalTokens ?? inputTokens.addingSaturated(outputTokens)
  }
}

extension TokenUsage: Codable {
  private enum CodingKeys: String, CodingKey {
    case inputTokens = "input_tokens"
    case inputDetails = "input_tokens_details"
    case outputTokens = "output_tokens"
    case outputDetails = "output_tokens_details"
    case totalTokens = "total_tokens"
  }

  private struct InputDetails: Encodable {
    var cached: Int
    enum CodingKeys: String, CodingKey { case cached = "cached_tokens" }
  }

  private struct OutputDetails: Encodable {
    var reasoning: Int
    enum CodingKeys: String, CodingKey { case reasoning = "reasoning_tokens" }
  }

  /// Decodes both spellings: `input_tokens` of batches and responses, `prompt_tokens` of chat completions.
  public init(from decoder: any Decoder) throws { try self.init(reading: decoder) }

  /// Encodes the spelling of batches.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(inputTokens, forKey: .inputTokens)
    try container.encode(InputDetails(cached: cachedTokens), forKey: .inputDetails)
    try container.encode(outputTokens, forKey: .outputTokens)
    try container.encode(OutputDetails(reasoning: reasoningTokens), forKey: .outputDetails)
    try container.encode(totalTokens, forKey: .totalTokens)
  }
}

extension TokenUsage: JSONReadable {
  package init(_ json: JSONView) throws(JSONMisfit) {
    guard json.kind == .object else { throw JSONMisfit("expected an object", json) }
    var members = JSONMemberCursor(json)
    // In the order of chat completions, which most are.
    let input = members.tokens("input_tokens") ?? members.tokens("prompt_tokens")
    let output = members.tokens("output_tokens") ?? members.tokens("completion_tokens")
    let total = members.tokens("total_tokens")
    let cached =
      members.tokens("input_tokens_details", "cached_tokens")
      ?? members.tokens("prompt_tokens_details", "cached_tokens")
    let reasoning =
      members.tokens("output_tokens_details", "reasoning_tokens")
      ?? members.tokens("completion_tokens_details", "reasoning_tokens")
    self.init(
      inputTokens: input ?? 0, cachedTokens: cached ?? 0, outputTokens: output ?? 0,
      reasoningTokens: reasoning ?? 0, totalTokens: total)
  }
}

extension JSONMemberCursor {
  /// The number called `name`, or the one called `detail` inside of it.
  fileprivate mutating func tokens(_ name: StaticString, _ detail: StaticString? = nil) -> Int? {
    let value = member(named: name)
    return if let detail { value?[detail]?.looseInt } else { value?.looseInt }
  }
}
