// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct BatchRequestTests {
  struct Prompt: Encodable {
    var model = "m"
    var input: String
    var temperature: Double?
  }

  @Test func aLine() throws {
    let request = BatchRequest(
      customID: "row-1", endpoint: .responses, body: Prompt(input: "Hi", temperature: 0.5))
    #expect(
      try text(request)
        == #"{"custom_id":"row-1","method":"POST","url":"/v1/responses","body":{"input":"Hi","model":"m","temperature":0.5}}"#
        + "\n")
  }

  @Test(arguments: [
    "quote \" back \\ slash /", "line\nfeed\r\ttab\u{0}\u{1F}", "\u{2028}\u{2029}\u{85}", "é 漢 \u{1F600}",
    "\u{FEFF}",
  ])
  func whatIsEscapedComesBack(text: String) throws {
    let line = try BatchRequest(customID: text, endpoint: .responses, body: Prompt(input: text)).line()
    #expect(line.last == 0x0A)
    #expect(!line.dropLast().contains { $0 < 0x20 })
    for separator in ["\u{2028}", "\u{2029}", "\u{85}"] {
      #expect(!String(decoding: line, as: UTF8.self).unicodeScalars.contains { String($0) == separator })
    }
    let value = try JSONValue(parsing: line.dropLast())
    #expect(value["custom_id"]?.string == text)
    #expect(value["body"]?["input"]?.string == text)
  }

  @Test func keysStandInAFixedOrder() throws {
    let body = Dictionary(uniqueKeysWithValues: (0..<50).map { ("key\($0)", $0) })
    let lines = Set(try (0..<20).map { _ in try text(BatchRequest(endpoint: .embeddings, body: body)) })
    #expect(lines.count == 1)
  }

  @Test func equalRowsHaveEqualNames() {
    let one = BatchRequest(endpoint: .responses, body: Prompt(input: "a"))
    #expect(one.customID == BatchRequest(endpoint: .responses, body: Prompt(input: "a")).customID)
    #expect(
      one.customID
        == BatchRequest(endpoint: .responses, bodyJSON: Array(#"{"input":"a","model":"m"}"#.utf8)).customID)
    #expect(one.customID != BatchRequest(endpoint: .responses, body: Prompt(input: "b")).customID)
    #expect(one.customID != BatchRequest(endpoint: .completions, body: Prompt(input: "a")).customID)
    #expect(one.customID.utf8.count == 32)
    let digest = SHA256.hexDigest(of: Array("/v1/responses\n{\"input\":\"a\",\"model\":\"m\"}".utf8))
    #expect(one.customID == String(digest.prefix(32)))
  }

  @Test func aBodyThatIsJSONIsPutOnOneLine() throws {
    let pretty = " \r\n{\r\n  \"model\": \"m\",\n\t\"input\": \"a\\nb\u{2028}\"\n}\n"
    let line = try text(BatchRequest(customID: "r", endpoint: .responses, bodyJSON: Array(pretty.utf8)))
    #expect(
      line == "{\"custom_id\":\"r\",\"method\":\"POST\",\"url\":\"/v1/responses\",\"body\":"
        + "{  \"model\": \"m\",\t\"input\": \"a\\nb\\u2028\"}}\n")
  }

  @Test(arguments: ["", "[]", "7", "null", "\"x\"", "{", "{}{}", "\u{FEFF}{}", "{\"a\":NaN}"])
  func aBodyThatIsNoObjectIsAnError(json: String) {
    let request = BatchRequest(customID: "r", endpoint: .responses, bodyJSON: Array(json.utf8))
    let failure = #expect(throws: JSONFailure.self) { try request.line() }
    #expect(failure?.message.hasPrefix("row \"r\": ") == true)
  }

  @Test func aValueThatIsNoObjectIsAnError() {
    #expect(throws: JSONFailure.self) { try BatchRequest(endpoint: .responses, body: [1, 2]).line() }
    #expect(throws: JSONFailure.self) { try BatchRequest(endpoint: .responses, body: "text").line() }
  }

  @Test func aNumberWithoutAFormIsAnErrorOfTheLine() {
    let request = BatchRequest(
      customID: "r", endpoint: .responses, body: Prompt(input: "a", temperature: .nan))
    let failure = #expect(throws: JSONFailure.self) { try request.line() }
    #expect(failure?.path == "temperature")
    #expect(failure?.message == "row \"r\": cannot encode a Double")
  }

  @Test func aRowNeedsAName() {
    let request = BatchRequest(customID: "", endpoint: .responses, body: Prompt(input: "a"))
    #expect(throws: JSONFailure.self) { try request.line() }
  }

  private func text(_ request: BatchRequest) throws(JSONFailure) -> String {
    String(decoding: try request.line(), as: UTF8.self)
  }
}
