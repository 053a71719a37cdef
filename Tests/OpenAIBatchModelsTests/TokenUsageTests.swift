// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct TokenUsageTests {
  static let usages: [(json: String, usage: TokenUsage)] = [
    ("{}", TokenUsage(inputTokens: 0, outputTokens: 0)),
    (#"{"input_tokens":3,"output_tokens":4}"#, TokenUsage(inputTokens: 3, outputTokens: 4, totalTokens: 7)),
    (#"{"prompt_tokens":3,"completion_tokens":4}"#, TokenUsage(inputTokens: 3, outputTokens: 4)),
    (#"{"prompt_tokens":3,"total_tokens":9}"#, TokenUsage(inputTokens: 3, outputTokens: 0, totalTokens: 9)),
    (
      #"{"prompt_tokens":9,"input_tokens":3,"output_tokens":4,"completion_tokens":8}"#,
      TokenUsage(inputTokens: 3, outputTokens: 4)
    ),
    (
      #"{"prompt_tokens":0,"completion_tokens":0,"input_tokens":25,"output_tokens":7}"#,
      TokenUsage(inputTokens: 25, outputTokens: 7)
    ),
    (
      #"{"prompt_tokens":null,"completion_tokens":0,"input_tokens":5,"output_tokens":7}"#,
      TokenUsage(inputTokens: 5, outputTokens: 7)
    ),
    (
      #"{"prompt_tokens_details":{"cached_tokens":1},"input_tokens_details":{"cached_tokens":2},"input_tokens":3}"#,
      TokenUsage(inputTokens: 3, cachedTokens: 2, outputTokens: 0)
    ),
    (#"{"input_tokens":null,"prompt_tokens":3}"#, TokenUsage(inputTokens: 3, outputTokens: 0)),
    (
      #"{"input_tokens":3,"input_tokens_details":null,"prompt_tokens_details":{"cached_tokens":2}}"#,
      TokenUsage(inputTokens: 3, cachedTokens: 2, outputTokens: 0)
    ),
    (
      #"{"output_tokens":3,"output_tokens_details":{},"completion_tokens_details":{"reasoning_tokens":2}}"#,
      TokenUsage(inputTokens: 0, outputTokens: 3, reasoningTokens: 2)
    ),
    (
      #"{"input_tokens":9223372036854775807,"output_tokens":9223372036854775807}"#,
      TokenUsage(inputTokens: .max, outputTokens: .max, totalTokens: .max)
    ),
    (
      #"{"input_tokens":9223372036854775808,"output_tokens":1e99}"#,
      TokenUsage(inputTokens: 0, outputTokens: 0)
    ),
  ]

  /// The decoder and the lazy reader see the same.
  @Test(arguments: usages.indices)
  func bothReadersAgree(index: Int) throws {
    let (json, usage) = Self.usages[index]
    #expect(try decode(TokenUsage.self, json) == usage)
    #expect(try BatchResponse(body: Array("{\"usage\":\(json)}".utf8)).usage == usage)
  }

  @Test func comesRound() throws {
    let usage = TokenUsage(
      inputTokens: 1, cachedTokens: 2, outputTokens: 3, reasoningTokens: 4, totalTokens: 5)
    #expect(try JSONText.decode(TokenUsage.self, from: JSONText.encode(usage)[...]) == usage)
  }
}
