// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Result lines of every shape that the service sends.
enum ResultLineSamples {
  static let lines = [
    #"{"id":"i","custom_id":"r","response":{"status_code":200,"request_id":"q","body":{"choices":[{"message":{"content":"text","refusal":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}},"error":null}"#,
    #"{"id":"i","custom_id":"r","response":{"status_code":200,"body":{"status":"completed","output":[{"content":[{"type":"output_text","text":"t"}]}],"usage":{"input_tokens":1,"output_tokens":2,"input_tokens_details":{"cached_tokens":1}}}},"error":null}"#,
    #"{"id":"i","custom_id":"r","response":{"status_code":429,"body":{"error":{"message":"m","type":"t","param":"p","code":"c"}}},"error":null}"#,
    #"{"id":"i","custom_id":"r","response":null,"error":{"code":"batch_expired","message":"m"}}"#,
    #"{"detail":[{"loc":["body",1],"msg":"m","type":"t"}],"errors":{"data":[{"message":"m"}]},"message":"x"}"#,
  ]
}
