// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation
internal import OpenAIBatchJSON
internal import OpenAIBatchSimulator
internal import Testing

struct AnswerTests {
  /// Runs one row and returns its line, from whichever file it is in.
  private func line(
    _ endpoint: String, _ body: String, _ configure: (inout BatchSimulator.Configuration) -> Void = { _ in }
  ) async throws -> JSONValue {
    let service = TestService(configure)
    let line = #"{"custom_id":"a","method":"POST","url":"\#(endpoint)","body":\#(body)}"#
    let batch = try await service.run(line, endpoint: endpoint)
    let lines =
      try await service.lines("output_file_id", of: batch) + service.lines("error_file_id", of: batch)
    try #require(lines.count == 1, "\(String(decoding: batch.bytes, as: UTF8.self))")
    #expect(lines[0]["custom_id"]?.string == "a")
    #expect(lines[0]["id"]?.string?.hasPrefix("batch_req_") == true)
    return lines[0]
  }

  private func answer(_ endpoint: String, _ body: String) async throws -> JSONValue {
    let line = try await line(endpoint, body)
    #expect(line["error"]?.isNull == true)
    #expect(line["response"]?["status_code"]?.int == 200)
    #expect(line["response"]?["request_id"]?.string?.count == 32)
    return try #require(line["response"]?["body"])
  }

  @Test(arguments: [
    (
      #"[{"role":"system","content":"Be brief"},{"role":"user","content":"Hi \u00e9\n\"you\""}]"#,
      "Hi é\n\"you\""
    ),
    (#"[{"role":"user","content":"one"},{"role":"assistant","content":"two"}]"#, "one"),
    (
      #"[{"role":"user","content":[{"type":"text","text":"one"},{"type":"image_url"},{"type":"text","text":"two"}]}]"#,
      "one\ntwo"
    ),
  ])
  func `chat completions echo what the user said last`(messages: String, text: String) async throws {
    let body = try await answer("/v1/chat/completions", #"{"model":"gpt-4o-mini","messages":\#(messages)}"#)
    #expect(body["object"]?.string == "chat.completion")
    #expect(body["model"]?.string == "gpt-4o-mini")
    let choice = body["choices"]?[0]
    #expect(choice?["message"]?["role"]?.string == "assistant")
    #expect(choice?["message"]?["content"]?.string == text)
    #expect(choice?["finish_reason"]?.string == "stop")
    let usage = body["usage"]
    let total = (usage?["prompt_tokens"]?.int ?? 0) + (usage?["completion_tokens"]?.int ?? 0)
    #expect(usage?["total_tokens"]?.int == total && total > 1)
  }

  @Test func `chat completions honour n and the token limit`() async throws {
    let body = try await answer(
      "/v1/chat/completions",
      #"{"model":"m","n":3,"max_tokens":2,"messages":[{"role":"user","content":"0123456é9"}]}"#)
    #expect(body["choices"]?.elements.map { $0["index"]?.int } == [0, 1, 2])
    #expect(body["choices"]?.elements.allSatisfy { $0["message"]?["content"]?.string == "0123456" } == true)
    #expect(body["choices"]?[0]?["finish_reason"]?.string == "length")
  }

  @Test func `JSON is answered with JSON`() async throws {
    let schema = #"""
      {"type":"object","properties":{"label":{"enum":["spam","ham"]},"reason":{"type":"string"},
      "score":{"type":"number","minimum":1.5},"sure":{"type":"boolean"},"tags":{"type":"array","items":
      {"type":"string"}},"next":{"anyOf":[{"$ref":"#/$defs/step"},{"type":"null"}]}},"$defs":{"step":
      {"type":"object","properties":{"name":{"type":["string","null"]}}}}}
      """#.replacing("\n", with: "")
    let expected =
      #"{"label":"spam","reason":"Hi","score":1.5,"sure":false,"tags":[],"next":{"name":"Hi"}}"#
    let chat = try await answer(
      "/v1/chat/completions",
      #"{"model":"m","messages":[{"role":"user","content":"Hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":\#(schema)}}}"#
    )
    #expect(chat["choices"]?[0]?["message"]?["content"]?.string == expected)
    let response = try await answer(
      "/v1/responses",
      #"{"model":"m","input":"Hi","text":{"format":{"type":"json_schema","name":"x","schema":\#(schema)}}}"#)
    #expect(response["output"]?[0]?["content"]?[0]?["text"]?.string == expected)
    let object = try await answer(
      "/v1/chat/completions",
      #"{"model":"m","messages":[{"role":"user","content":"Hi"}],"response_format":{"type":"json_object"}}"#)
    #expect(object["choices"]?[0]?["message"]?["content"]?.string == #"{"echo":"Hi"}"#)
  }

  @Test func `a schema that refers to itself ends`() async throws {
    let body = try await answer(
      "/v1/responses",
      ##"{"model":"m","input":"Hi","text":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"child":{"$ref":"#"}}}}}}"##
    )
    let text = try #require(body["output"]?[0]?["content"]?[0]?["text"]?.string)
    #expect(
      text.hasSuffix(#"{"child":null}"# + String(repeating: "}", count: text.count(where: { $0 == "{" }) - 1))
    )
  }

  @Test(arguments: [
    (#""Hello""#, "Hello"), (#"[{"role":"user","content":"Hello"}]"#, "Hello"),
    (#"[{"role":"user","content":[{"type":"input_text","text":"Hello"}]}]"#, "Hello"),
  ])
  func `responses echo their input`(input: String, text: String) async throws {
    let body = try await answer("/v1/responses", #"{"model":"gpt-5","input":\#(input),"metadata":{"k":"v"}}"#)
    #expect(body["object"]?.string == "response")
    #expect(body["status"]?.string == "completed")
    #expect(body["output"]?[0]?["type"]?.string == "message")
    #expect(body["output"]?[0]?["content"]?[0]?["type"]?.string == "output_text")
    #expect(body["output"]?[0]?["content"]?[0]?["text"]?.string == text)
    #expect(body["metadata"]?["k"]?.string == "v")
    #expect(body["usage"]?["output_tokens"]?.int == 2)
  }

  @Test func `completions answer every prompt`() async throws {
    let body = try await answer("/v1/completions", #"{"model":"m","prompt":["one","two"]}"#)
    #expect(body["object"]?.string == "text_completion")
    #expect(body["choices"]?.elements.map { $0["text"]?.string } == ["one", "two"])
  }

  @Test(arguments: [
    (#""one""#, 1), (#"["one","two"]"#, 2), (#"[1,2,3]"#, 1), (#"[[1,2],[3]]"#, 2),
  ])
  func `embeddings are unit vectors, one for each input`(input: String, count: Int) async throws {
    let body = try await answer("/v1/embeddings", #"{"model":"m","dimensions":16,"input":\#(input)}"#)
    let data = body["data"]?.elements ?? []
    #expect(data.map { $0["index"]?.int } == (0..<count).map(Optional.some))
    for element in data {
      let vector = element["embedding"]?.elements.compactMap(\.double) ?? []
      #expect(vector.count == 16)
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
    #expect(
      Set(data.map { $0["embedding"].map { String(decoding: $0.bytes, as: UTF8.self) } }).count == count)
  }

  @Test func `embeddings may be encoded in Base64`() async throws {
    let floats = try await answer("/v1/embeddings", #"{"model":"m","input":"one"}"#)
    let encoded = try await answer(
      "/v1/embeddings", #"{"model":"m","input":"one","encoding_format":"base64"}"#)
    let data = try #require(encoded["data"]?[0]?["embedding"]?.string.flatMap { Data(base64Encoded: $0) })
    #expect(data.count == 8 * 4)
    let first = data.prefix(4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    #expect(Double(Float(bitPattern: first)) == floats["data"]?[0]?["embedding"]?[0]?.double)
  }

  @Test func `moderations judge every input`() async throws {
    let body = try await answer("/v1/moderations", #"{"model":"omni-moderation-latest","input":["a","b"]}"#)
    #expect(body["results"]?.elements.count == 2)
    #expect(body["results"]?[0]?["flagged"]?.bool == false)
    #expect(body["results"]?[0]?["category_scores"]?.members.count == 13)
  }

  @Test func `images are pictures`() async throws {
    let body = try await answer("/v1/images/generations", #"{"model":"gpt-image-1","prompt":"a cat","n":2}"#)
    let pictures = body["data"]?.elements.compactMap { $0["b64_json"]?.string } ?? []
    #expect(pictures.count == 2)
    #expect(Data(base64Encoded: pictures[0])?.starts(with: [0x89, 0x50, 0x4E, 0x47]) == true)
  }

  @Test(arguments: [
    ("/v1/chat/completions", #"{"model":"m","messages":[]}"#, 400),
    ("/v1/chat/completions", #"{"model":"m","n":0,"messages":[{"role":"user","content":"x"}]}"#, 400),
    ("/v1/embeddings", #"{"model":"m","input":"x","dimensions":0}"#, 400),
    ("/v1/videos", #"{"model":"m","prompt":"x"}"#, 404),
  ])
  func `an endpoint refuses a row that it cannot serve`(endpoint: String, body: String, status: Int)
    async throws
  {
    let line = try await line(endpoint, body)
    #expect(line["error"]?.isNull == true)
    #expect(line["response"]?["status_code"]?.int == status)
    #expect(line["response"]?["body"]?["error"]?["message"]?.string?.isEmpty == false)
  }
}
