// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct BatchResultTests {
  @Test(arguments: [#"{"a": 1}"#, #""{\"a\": 1}""#])
  func aSuccess(body: String) throws {
    let result = read(
      #"{"id":"batch_req_1","custom_id":"row-1","response":{"status_code":200,"request_id":"req_1","body":\#(body)},"error":null}"#
    )
    #expect("\(result)".contains("batch_req_1") && "\(result)".contains("req_1\""))
    #expect(result.id == "batch_req_1")
    #expect(result.customID == "row-1")
    let response = try result.outcome.get()
    #expect(response.statusCode == 200)
    #expect(response.requestID == "req_1")
    #expect(String(decoding: response.body, as: UTF8.self) == #"{"a": 1}"#)
  }

  @Test func aRowThatTheEndpointRejected() {
    let line =
      #"{"id":"batch_req_2","custom_id":"row-2","response":{"status_code":400,"request_id":"","body":{"error":{"message":"bad model","type":"invalid_request_error","param":"model","code":"model_not_found"}}},"error":null}"#
    let result = read(line)
    let failure = failure(of: result)
    #expect(failure?.kind == .rejected)
    #expect(failure?.statusCode == 400)
    #expect(failure?.message == "bad model")
    #expect(failure?.code == "model_not_found")
    #expect(failure?.apiError?.param == "model")
    #expect(failure.map { String(decoding: $0.raw, as: UTF8.self) } == line)
    #expect(failure?.description == "rejected: status 400: bad model")
  }

  static let notRun: [(code: String, kind: RowFailure.Kind)] = [
    ("batch_expired", .expired), ("batch_cancelled", .cancelled), ("batch_canceled", .cancelled),
    ("request_timeout", .timedOut), ("missing", .missing), ("rejected", "error_rejected"),
    ("invented_later", "invented_later"),
  ]

  @Test(arguments: notRun.indices)
  func aRowThatWasNotRun(index: Int) {
    let (code, kind) = Self.notRun[index]
    let result = read(#"{"custom_id":"r","response":null,"error":{"code":"\#(code)","message":"m"}}"#)
    #expect(failure(of: result)?.kind == kind)
    #expect(failure(of: result)?.message == "m")
    #expect(failure(of: result)?.code == ErrorCode(code))
    #expect(failure(of: result)?.statusCode == nil)
    #expect(result.id == nil)
  }

  /// Lines that are answers, against the grain.
  @Test(arguments: [
    #"{"custom_id":"r","response":{"status_code":200,"body":{}}}"#,
    #"{"custom_id":"r","response":{"status_code":"200","body":{}},"error":null}"#,
    #"{"custom_id":"r","response":{"status_code":299,"body":{}},"error":""}"#,
    #"{"custom_id":"r","response":{"status_code":200,"body":{}},"error":{}}"#,
    #"{"custom_id":"r","response":{"status_code":200,"body":{}},"error":{"code":null,"message":""}}"#,
    #"{"error":null,"response":{"body":{},"request_id":null,"status_code":200},"custom_id":"r","extra":[1]}"#,
    #"{"custom_id":"r","response":{"status_code":200.0,"body":{}}}"#,
    #"{"custom_id":"r","response":{"body":{}}}"#,
    #"{"custom_id":"r","response":{"status_code":null,"body":{"error":null}}}"#,
    #" { "custom_id" : "r" , "response" : { "status_code" : 200 , "body" : { } } } "#,
  ])
  func isAnAnswer(line: String) {
    let result = read(line)
    #expect(result.customID == "r")
    #expect((try? result.outcome.get())?.json.kind == .object)
    #expect((try? result.outcome.get())?.requestID == nil)
  }

  /// Lines that are failures: the kind, the status, the name of the row, what the message says.
  static let failures: [(line: String, kind: RowFailure.Kind, status: Int?, id: String, says: String)] = [
    (#"{"custom_id":"r","response":{"status_code":429,"body":null}}"#, .rejected, 429, "r", "status 429"),
    (#"{"custom_id":"r","response":{"status_code":504}}"#, .rejected, 504, "r", "status 504"),
    (#"{"custom_id":"r","response":{"status_code":500,"body":"boom"}}"#, .rejected, 500, "r", "boom"),
    (#"{"custom_id":"r","response":{"status_code":502,"body":"<html>"}}"#, .rejected, 502, "r", "status 502"),
    (#"{"custom_id":"r","response":{"status_code":"404","body":{}}}"#, .rejected, 404, "r", "status 404"),
    // vLLM fills `error` and leaves the body out.
    (
      #"{"custom_id":"r","response":{"status_code":400},"error":{"error":{"message":"too long","code":400}}}"#,
      .rejected, 400, "r", "too long"
    ),
    (#"{"custom_id":"r","response":{"status_code":200,"body":{}},"error":{"code":"x"}}"#, "x", 200, "r", "x"),
    (
      #"{"custom_id":"r","response":{"status_code":200,"body":{}},"error":{"why":"y"}}"#, .invalid, 200, "r",
      "why"
    ),
    (#"{"custom_id":"r","response":null,"error":"lost"}"#, .invalid, nil, "r", "lost"),
    (#"{"custom_id":"r","response":{"status_code":0,"body":{}}}"#, .invalid, 0, "r", "status 0"),
    (#"{"custom_id":"r","response":{"status_code":302,"body":{}}}"#, .invalid, 302, "r", "status 302"),
    (#"{"custom_id":"r","response":{"status_code":-1,"body":{}}}"#, .invalid, -1, "r", "status -1"),
    (#"{"custom_id":"r","response":{"status_code":200}}"#, .invalid, 200, "r", "no body"),
    (#"{"custom_id":"r","response":{"status_code":200,"body":null}}"#, .invalid, 200, "r", "no body"),
    (#"{"custom_id":"r","response":{"status_code":1e99,"body":{}}}"#, .invalid, nil, "r", "neither"),
    (#"{"custom_id":"r","response":{"status_code":200.5,"body":{}}}"#, .invalid, nil, "r", "neither"),
    (#"{"custom_id":"r","response":{"body":"text"}}"#, .invalid, nil, "r", "neither"),
    (#"{"custom_id":"r","response":{"body":{"error":{"message":"no","code":"x"}}}}"#, "x", nil, "r", "no"),
    (
      #"{"custom_id":"r","response":{"status_code":400,"body":"{\"error\":{\"message\":\"no\"}}"}}"#,
      .rejected,
      400, "r", "no"
    ),
    (#"{"custom_id":"r","response":"text"}"#, .invalid, nil, "r", "neither"),
    (#"{"custom_id":"r","response":[]}"#, .invalid, nil, "r", "neither"),
    (#"{"custom_id":"r","response":null,"error":null}"#, .invalid, nil, "r", "neither"),
    (#"{"custom_id":"r"}"#, .invalid, nil, "r", "neither"),
    ("{}", .invalid, nil, "", "neither"), ("[]", .invalid, nil, "", "not a JSON object"),
    ("7", .invalid, nil, "", "not a JSON object"), (#""text""#, .invalid, nil, "", "not a JSON object"),
    ("null", .invalid, nil, "", "not a JSON object"), ("nonsense", .invalid, nil, "", "line 1, byte 0"),
    // A damaged line still tells whose it is, when its beginning is whole.
    (#"{"id":"q","custom_id":"r","response":{"status_code":200,"bo"#, .invalid, nil, "r", "line 1, byte"),
    (#"{"custom_id":"r","response":{"body":{"text":"\ud83"}}}"#, .invalid, nil, "r", "hexadecimal"),
    (#"{"custom_id":"r"} x"#, .invalid, nil, "r", "end of the text"),
    (#"{"custom_id":"r"#, .invalid, nil, "", "quote"),
    (#"{"custom_id":"r""#, .invalid, nil, "", "expected"),
    (#"{"id":1,"custom_id":7,"#, .invalid, nil, "", "key"),
  ]

  @Test(arguments: failures.indices)
  func isAFailure(index: Int) {
    let (line, kind, status, id, says) = Self.failures[index]
    let result = read(line)
    let failure = failure(of: result)
    #expect(result.customID == id)
    #expect(failure?.kind == kind)
    #expect(failure?.statusCode == status)
    #expect(failure?.message.contains(says) == true)
    #expect(failure.map { String(decoding: $0.raw, as: UTF8.self) } == line)
  }

  @Test(arguments: [
    (#"null"#, ""), (#""""#, ""), ("7", ""), ("{}", ""), (#""\u00e9""#, "é"), (#""a\"b""#, "a\"b"),
  ])
  func namesOfRows(json: String, customID: String) {
    #expect(read(#"{"custom_id":\#(json),"response":{"status_code":200,"body":{}}}"#).customID == customID)
  }

  @Test func aBodyThatIsAStringIsKept() throws {
    let response = try read(#"{"custom_id":"r","response":{"status_code":200,"body":"te\u0078t"}}"#).outcome
      .get()
    #expect(response.json.string == "text")
    #expect(response.outputText == nil)
    #expect(throws: JSONFailure.self) { try response.decode(as: [String: Int].self) }
  }

  @Test func aBodyThatIsTheTextOfAnObjectIsThatObject() throws {
    let body =
      #"{"choices": [{"message":{"content":"é \"q\""}}],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#
    let result = read(
      #"{"custom_id":"r","response":{"status_code":200,"body":\#(String(decoding: try JSONText.encode(body), as: UTF8.self))}}"#
    )
    let response = try result.outcome.get()
    #expect(response.outputText == "é \"q\"")
    #expect(response.usage?.totalTokens == 5)
    #expect(String(decoding: response.body, as: UTF8.self) == body)
    struct Answer: Decodable, Sendable { let usage: [String: Int] }
    #expect(try result.decoded(as: Answer.self).outcome.get().usage["prompt_tokens"] == 2)
  }

  @Test func aLineThatIsTooLongKeepsItsNameAndItsNumber() {
    var splitter = JSONLineSplitter(maximumLineLength: 2000)
    let line = #"{"custom_id":"r","response":{"body":""# + String(repeating: "x", count: 3000) + "\n"
    splitter.append(Array(("\n" + line).utf8)[...])
    let result = splitter.next().map { BatchResult<BatchResponse>(line: $0) }
    #expect(result?.customID == "r")
    #expect(result?.outcome.failure?.message == "line 2: the line is too long")
    #expect(result?.outcome.failure?.raw.count == 1024)
  }

  /// A text that the model's limit cut in the middle of a character: the row is an answer that was paid for.
  @Test func aTextThatEndsInTheMiddleOfACharacterIsNotLost() throws {
    let result = read(
      #"{"custom_id":"r","response":{"status_code":200,"body":{"choices":[{"message":{"content":"cut \ud83d"}}]}}}"#
    )
    #expect(try result.outcome.get().outputText == "cut \u{FFFD}")
    struct Answer: Decodable, Sendable {
      struct Choice: Decodable { let message: [String: String] }
      let choices: [Choice]
    }
    let typed = result.decoded(as: Answer.self)
    #expect(typed.outcome.failure?.kind == .undecodable)
    #expect(
      typed.outcome.failure?.message
        == "line 1, byte 88, at choices[0].message.content: the text has a surrogate without its partner")
  }

  @Test func decodesIntoOnesOwnType() throws {
    struct Label: Decodable, Sendable, Equatable { let label: String }
    let good = read(#"{"custom_id":"r","id":"i","response":{"status_code":200,"body":{"label":"spam"}}}"#)
    #expect(
      good.decoded(as: Label.self)
        == BatchResult(id: "i", customID: "r", outcome: .success(Label(label: "spam"))))
    let bad = read(#"{"custom_id":"r","response":{"status_code":200,"body":{"label":7}}}"#).decoded(
      as: Label.self)
    guard case .failure(let failure) = bad.outcome else {
      Issue.record("a number was decoded as a text")
      return
    }
    #expect(failure.kind == .undecodable)
    #expect(failure.message.contains("at label"))
    #expect(failure.statusCode == 200)
    #expect(String(decoding: failure.raw, as: UTF8.self) == #"{"label":7}"#)
    #expect(!failure.isRetryable)
    let missing = BatchResult.missing(customID: "gone").decoded(as: Label.self)
    #expect(missing.customID == "gone")
    #expect(missing.outcome.failure?.kind == .missing)
  }

  private func read(_ line: String) -> BatchResult<BatchResponse> {
    var splitter = JSONLineSplitter()
    splitter.append(Array(line.utf8)[...])
    guard let line = splitter.next() ?? splitter.finish() else {
      Issue.record("there is no line")
      return .missing(customID: "")
    }
    return BatchResult(line: line)
  }

  private func failure(of result: BatchResult<BatchResponse>) -> RowFailure? { result.outcome.failure }
}

extension Result {
  fileprivate var failure: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
