// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct BatchResponseTests {
  @Test func chatCompletion() throws {
    let response = try response(
      #"{"object":"chat.completion","model":"gpt","choices":[{"index":0,"message":{"role":"assistant","content":"Hello\n\ud83d\ude00","refusal":null},"finish_reason":"stop"},{"index":1,"message":{"content":"other"}}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}"#
    )
    #expect(response.outputText == "Hello\n\u{1F600}")
    #expect(response.refusal == nil)
    #expect(response.finishReason == "stop")
    #expect(
      response.usage
        == TokenUsage(
          inputTokens: 10, cachedTokens: 4, outputTokens: 5, reasoningTokens: 2, totalTokens: 15))
  }

  @Test func chatCompletionInParts() throws {
    let response = try response(
      #"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"refusal","refusal":"r"},{"type":"text","text":"b"}]},"finish_reason":"length"}]}"#
    )
    #expect(response.outputText == "ab")
    #expect(response.finishReason == "length")
    #expect(response.usage == nil)
  }

  @Test func chatRefusal() throws {
    let response = try response(
      #"{"choices":[{"message":{"content":null,"refusal":"I cannot."},"finish_reason":"content_filter"}]}"#)
    #expect(response.outputText == nil)
    #expect(response.refusal == "I cannot.")
    #expect(response.finishReason == "content_filter")
  }

  @Test func chatToolCall() throws {
    let response = try response(
      #"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"c"}]},"finish_reason":"tool_calls"}]}"#)
    #expect(response.outputText == nil)
    #expect(response.finishReason == "tool_calls")
  }

  @Test func responses() throws {
    let response = try response(
      #"{"object":"response","status":"completed","incomplete_details":null,"output":[{"type":"reasoning","summary":[]},{"type":"message","content":[{"type":"output_text","text":"One "},{"type":"output_text","text":"two"}]},{"type":"message","content":[{"type":"output_text","text":"!"}]}],"usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":1},"output_tokens":3,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":10}}"#
    )
    #expect(response.outputText == "One two!")
    #expect(response.refusal == nil)
    #expect(response.finishReason == "completed")
    #expect(
      response.usage
        == TokenUsage(inputTokens: 7, cachedTokens: 1, outputTokens: 3, reasoningTokens: 2, totalTokens: 10))
  }

  @Test func responsesCutOffAndRefused() throws {
    let response = try response(
      #"{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"message","content":[{"type":"refusal","refusal":"No."}]}]}"#
    )
    #expect(response.outputText == nil)
    #expect(response.refusal == "No.")
    #expect(response.finishReason == "max_output_tokens")
  }

  @Test func completion() throws {
    let response = try response(#"{"choices":[{"text":" the end","finish_reason":"stop","index":0}]}"#)
    #expect(response.outputText == " the end")
    #expect(response.finishReason == "stop")
  }

  @Test func embedding() throws {
    let response = try response(
      #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2e-3]}],"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}}"#
    )
    #expect(response.outputText == nil)
    #expect(response.finishReason == nil)
    #expect(response.usage == TokenUsage(inputTokens: 8, outputTokens: 0))
    #expect(response.json["data"]?[0]?["embedding"]?[1]?.double == -0.002)
  }

  @Test func moderation() throws {
    let response = try response(#"{"id":"modr-1","model":"m","results":[{"flagged":true}]}"#)
    #expect(response.outputText == nil)
    #expect(response.refusal == nil)
    #expect(response.finishReason == nil)
    #expect(response.usage == nil)
    #expect(response.json["results"]?[0]?["flagged"]?.bool == true)
  }

  /// Shapes that no service sends: nothing is read, nothing traps.
  @Test(arguments: [
    "null", "7", "[]", "{}", #""text""#, #"{"choices":null}"#, #"{"choices":[]}"#, #"{"choices":[null]}"#,
    #"{"choices":[{"message":"x"}]}"#, #"{"choices":{"message":{"content":"x"}}}"#, #"{"output":"x"}"#,
    #"{"output":[{"content":"x"}]}"#, #"{"output":[{"content":[{"type":"output_text"}]}]}"#, #"{"usage":[]}"#,
    #"{"choices":[{"message":{"content":{}}}]}"#, #"{"choices":[{"message":{"content":[]}}],"usage":null}"#,
  ])
  func otherShapes(body: String) throws {
    let response = try response(body)
    #expect(response.outputText == nil)
    #expect(response.refusal == nil)
    #expect(response.finishReason == nil)
    #expect(response.usage == nil)
  }

  @Test func decodesTheBody() throws {
    struct Answer: Decodable, Equatable { let value: Int }
    #expect(try response(#" {"value": 5} "#).decode(as: Answer.self) == Answer(value: 5))
    let failure = #expect(throws: JSONFailure.self) {
      try response(#"{"value":"x"}"#).decode(as: Answer.self)
    }
    #expect(failure?.path == "value")
    #expect(throws: JSONFailure.self) { try response("{") }
  }

  private func response(_ body: String) throws(JSONFailure) -> BatchResponse {
    try BatchResponse(body: Array(body.utf8))
  }
}
