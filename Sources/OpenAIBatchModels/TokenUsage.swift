// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

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
    case promptTokens = "prompt_tokens"
    case promptDetails = "prompt_tokens_details"
    case completionTokens = "completion_tokens"
    case completionDetails = "completion_tokens_details"
  }

  private struct InputDetails: Codable {
    var cached: Int?
    enum CodingKeys: String, CodingKey { case cached = "cached_tokens" }
  }

  private struct OutputDetails: Codable {
    var reasoning: Int?
    enum CodingKeys: String, CodingKey { case reasoning = "reasoning_tokens" }
  }

  /// Decodes both spellings: `input_tokens` of batches and responses, `prompt_tokens` of chat completions.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func input(_ key: CodingKeys) -> Int? { container.tolerant(InputDetails.self, key)?.cached }
    func output(_ key: CodingKeys) -> Int? { container.tolerant(OutputDetails.self, key)?.reasoning }
    self.init(
      inputTokens: container.integer(.inputTokens) ?? container.integer(.promptTokens) ?? 0,
      cachedTokens: input(.inputDetails) ?? input(.promptDetails) ?? 0,
      outputTokens: container.integer(.outputTokens) ?? container.integer(.completionTokens) ?? 0,
      reasoningTokens: output(.outputDetails) ?? output(.completionDetails) ?? 0,
      totalTokens: container.integer(.totalTokens))
  }

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

extension TokenUsage {
  /// Reads both spellings from an answer's `usage`, without a decoder: answers come by the million.
  init(_ usage: JSONView) {
    func detail(_ key: String, of object: String, or other: String) -> Int? {
      usage[object]?[key]?.int ?? usage[other]?[key]?.int
    }
    self.init(
      inputTokens: usage["input_tokens"]?.int ?? usage["prompt_tokens"]?.int ?? 0,
      cachedTokens: detail("cached_tokens", of: "input_tokens_details", or: "prompt_tokens_details") ?? 0,
      outputTokens: usage["output_tokens"]?.int ?? usage["completion_tokens"]?.int ?? 0,
      reasoningTokens: detail(
        "reasoning_tokens", of: "output_tokens_details", or: "completion_tokens_details")
        ?? 0,
      totalTokens: usage["total_tokens"]?.int)
  }
}
