// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

extension EndpointAnswer {
  static func chatCompletion(_ source: Source) throws(ServiceError) -> EndpointAnswer {
    let request = source.request
    guard let messages = request["messages"], messages.kind == .array, messages[0] != nil else {
      throw ServiceError(
        message: "Invalid 'messages': expected an array with at least one message.", param: "messages",
        code: "empty_array")
    }
    let echo = source.text ?? EchoText(of: messages, format: request["response_format"]).text
    let (text, isCut) = cut(
      echo, toTokens: request["max_completion_tokens"]?.int ?? request["max_tokens"]?.int)
    let count = try choices(of: request)
    let usage = RowUsage(
      input: RowUsage.tokens(inBytes: messages.bytes.count),
      output: RowUsage.tokens(inBytes: text.utf8.count) * count)
    let choices = (0..<count).map { index -> JSONNode in
      [
        "index": .int(index),
        "message": ["role": "assistant", "content": .string(text), "refusal": .null, "annotations": []],
        "logprobs": .null, "finish_reason": isCut ? "length" : "stop",
      ]
    }
    let body: JSONNode = [
      "id": .string("chatcmpl-\(source.id)"), "object": "chat.completion", "created": .int(source.createdAt),
      "model": source.model, "choices": .array(choices), "usage": completionUsage(usage),
      "service_tier": "default", "system_fingerprint": "fp_simulator",
    ]
    return EndpointAnswer(body: body, usage: usage)
  }

  static func completion(_ source: Source) throws(ServiceError) -> EndpointAnswer {
    let request = source.request
    let prompts =
      request["prompt"]?.kind == .array
      ? request["prompt"]?.elements ?? [] : [request["prompt"]].compactMap(\.self)
    let count = try choices(of: request)
    var usage = RowUsage()
    var choices: [JSONNode] = []
    for prompt in prompts {
      usage.input += RowUsage.tokens(inBytes: prompt.bytes.count)
      let (text, isCut) = cut(source.text ?? prompt.string ?? "", toTokens: request["max_tokens"]?.int)
      for _ in 0..<count {
        usage.output += RowUsage.tokens(inBytes: text.utf8.count)
        choices.append([
          "text": .string(text), "index": .int(choices.count), "logprobs": .null,
          "finish_reason": isCut ? "length" : "stop",
        ])
      }
    }
    let body: JSONNode = [
      "id": .string("cmpl-\(source.id)"), "object": "text_completion", "created": .int(source.createdAt),
      "model": source.model, "choices": .array(choices), "usage": completionUsage(usage),
    ]
    return EndpointAnswer(body: body, usage: usage)
  }

  static func response(_ source: Source) -> EndpointAnswer {
    let request = source.request
    let echo = source.text ?? EchoText(of: request["input"], format: request["text"]?["format"]).text
    let (text, isCut) = cut(echo, toTokens: request["max_output_tokens"]?.int)
    let usage = RowUsage(
      input: RowUsage.tokens(inBytes: request["input"]?.bytes.count ?? 0),
      output: RowUsage.tokens(inBytes: text.utf8.count))
    func given(_ key: String, or fallback: JSONNode = .null) -> JSONNode {
      request[key].map { .text($0.bytesWithoutLineBreaks) } ?? fallback
    }
    let status: JSONNode = isCut ? "incomplete" : "completed"
    let body: JSONNode = [
      "id": .string("resp_\(source.id)"), "object": "response", "created_at": .int(source.createdAt),
      "status": status, "background": false, "error": .null,
      "incomplete_details": isCut ? ["reason": "max_output_tokens"] : .null,
      "instructions": given("instructions"), "max_output_tokens": given("max_output_tokens"),
      "model": source.model,
      "output": [
        [
          "id": .string("msg_\(source.id)"), "type": "message", "status": status,
          "content": [
            ["type": "output_text", "annotations": [], "logprobs": [], "text": .string(text)]
          ],
          "role": "assistant",
        ]
      ],
      "parallel_tool_calls": true, "previous_response_id": .null, "store": given("store", or: true),
      "temperature": given("temperature", or: .double(1)),
      "text": given("text", or: ["format": ["type": "text"]]), "tool_choice": "auto", "tools": [],
      "top_p": given("top_p", or: .double(1)), "truncation": "disabled", "usage": usage.json,
      "user": given("user"), "metadata": given("metadata", or: [:]),
    ]
    return EndpointAnswer(body: body, usage: usage)
  }

  /// How many answers a request asks for.
  private static func choices(of request: [String: JSONValue]) throws(ServiceError) -> Int {
    guard let value = request["n"], !value.isNull else { return 1 }
    guard let count = value.int else { throw .invalidType("n", expected: "an integer") }
    guard (1...128).contains(count) else { throw .outOfRange("n", count, 1...128) }
    return count
  }

  /// Token counts as Chat Completions and Completions spell them.
  private static func completionUsage(_ usage: RowUsage) -> JSONNode {
    [
      "prompt_tokens": .int(usage.input), "completion_tokens": .int(usage.output),
      "total_tokens": .int(usage.total),
      "prompt_tokens_details": ["cached_tokens": 0, "audio_tokens": 0],
      "completion_tokens_details": [
        "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
      ],
    ]
  }
}

extension JSONValue {
  /// All members by name; the first of a name counts. Reads the text once, where every subscript reads it again.
  var fields: [String: JSONValue] {
    Dictionary(members.lazy.map { ($0.key, $0.value) }) { first, _ in first }
  }

  /// The value's text on one line. Inside strings a line break is always escaped, so none is lost.
  var bytesWithoutLineBreaks: [UInt8] {
    bytes.filter { $0 != 0x0A && $0 != 0x0D }
  }
}
