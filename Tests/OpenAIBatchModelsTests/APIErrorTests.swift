// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct APIErrorTests {
  static let bodies: [(body: String, error: APIError?)] = [
    // As documented.
    (
      #"{"error":{"message":"No such batch","type":"invalid_request_error","param":"id","code":null}}"#,
      APIError(message: "No such batch", type: "invalid_request_error", param: "id")
    ),
    (
      #"{"error":{"message":"Slow","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#,
      APIError(message: "Slow", type: "requests", code: .rateLimitExceeded)
    ),
    // Codes as numbers and digits, and a `detail` beside the error.
    (#"{"error":{"message":"m","code":400}}"#, APIError(message: "m", code: "400")),
    (#"{"error":{"message":"m","code":"400"},"detail":{"x":1}}"#, APIError(message: "m", code: "400")),
    (#"{"error":{"message":"m","type":"","param":"","code":""}}"#, APIError(message: "m")),
    (#"{"error":{"code":"c"}}"#, APIError(message: "c", code: "c")),
    (#"{"error":{"message":"","type":"t"}}"#, APIError(message: "t", type: "t")),
    // An error that is a text, with what stands beside it.
    (#"{"error":"text"}"#, APIError(message: "text")),
    (#"{"error":"text","code":"c"}"#, APIError(message: "text", code: "c")),
    (#"{"error":"Not Found","message":"no such path","status":404}"#, APIError(message: "no such path")),
    // In a list.
    (#"[{"error":{"message":"m","code":"c"}}]"#, APIError(message: "m", code: "c")),
    // Azure's list.
    (
      #"{"errors":{"object":"list","data":[{"code":"c","message":"m","param":"p"},{"message":"n"}]}}"#,
      APIError(message: "m", param: "p", code: "c")
    ),
    (#"{"errors":[{"message":"m"}]}"#, APIError(message: "m")),
    (#"{"errors":["text"]}"#, APIError(message: "text")),
    (#"{"errors":"text"}"#, APIError(message: "text")),
    (#"{"errors":{"data":[]},"message":"m"}"#, APIError(message: "m")),
    // FastAPI.
    (#"{"detail":"Not Found"}"#, APIError(message: "Not Found")),
    (
      #"{"detail":[{"loc":["body",0,"model"],"msg":"field required","type":"value_error"}]}"#,
      APIError(message: "field required", type: "value_error", param: "body.0.model")
    ),
    (#"{"detail":[{"msg":"m"}]}"#, APIError(message: "m")),
    (#"{"detail":{"message":"m","code":"c"}}"#, APIError(message: "m", code: "c")),
    (#"{"detail":null,"message":"m"}"#, APIError(message: "m")),
    // Bare.
    (#"{"message":"m"}"#, APIError(message: "m")),
    (#"{"object":"error","code":4}"#, APIError(message: "4", code: "4")),
    (#""text""#, APIError(message: "text")),
    // Proxies.
    ("upstream\n  timed out\n", APIError(message: "upstream timed out")),
    ("{\"error\":{\"message\":\"cut", APIError(message: "{\"error\":{\"message\":\"cut")),
    ("\u{FEFF}oops", APIError(message: "\u{FEFF}oops")),
    ("<html><body>502 Bad Gateway</body></html>", nil), (" \n<!DOCTYPE html>", nil),
    // Nothing.
    ("", nil), ("  \r\n", nil), ("{}", nil), ("[]", nil), ("null", nil), ("7", nil), (#""""#, nil),
    (#"{"error":{}}"#, nil), (#"{"error":null}"#, nil), (#"{"error":""}"#, nil), (#"{"detail":[]}"#, nil),
    (#"{"errors":null}"#, nil), (#"{"message":7}"#, nil),
  ]

  @Test(arguments: bodies.indices)
  func isReadFromABody(index: Int) {
    let (body, error) = Self.bodies[index]
    #expect(APIError(body: Array(body.utf8)) == error)
  }

  @Test func aLongTextIsCut() {
    let error = APIError(body: [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20))
    #expect(error?.message.utf8.count == 300)
  }

  @Test func aBodyThatIsNotTextIsStillRead() {
    #expect(APIError(body: [0xFF, 0xFE, 0x41])?.message.hasSuffix("A") == true)
  }

  @Test func inWords() {
    #expect(APIError(message: "m").description == "m")
    #expect(APIError(message: "m", code: "c").description == "m [c]")
  }
}
