// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchSimulator
internal import Testing

/// Rows that steer their own outcome, or that a configuration steers.
struct OutcomeTests {
  struct Outcome: Sendable, CustomTestStringConvertible {
    let directive: String
    var answer: SimulatedAnswer
    var output = 0
    var errors = 0
    var completed = 0
    var failed = 0
    var status: Int?
    var code: String?
    var testDescription: String { directive }
  }

  private static let outcomes: [Outcome] = [
    .init(directive: "text:a: b", answer: .text("a: b"), output: 1, completed: 1, status: 200),
    .init(
      directive: "fail", answer: .failure(status: 500, code: "server_error"), errors: 1, failed: 1,
      status: 500,
      code: "server_error"),
    .init(directive: "fail:429", answer: .failure(status: 429), errors: 1, failed: 1, status: 429),
    .init(
      directive: "fail:400:content_policy", answer: .failure(status: 400, code: "content_policy"), errors: 1,
      failed: 1, status: 400, code: "content_policy"),
    .init(directive: "expire", answer: .expired, errors: 1, failed: 1, code: "batch_expired"),
    .init(directive: "timeout", answer: .timedOut, errors: 1, failed: 1, code: "request_timeout"),
    .init(directive: "drop", answer: .dropped, completed: 1),
    .init(directive: "duplicate", answer: .duplicated, output: 2, completed: 1, status: 200),
    .init(directive: "unknown", answer: .echo, output: 1, completed: 1, status: 200),
    .init(directive: "fail:99", answer: .echo, output: 1, completed: 1, status: 200),
  ]

  private func check(_ outcome: Outcome, _ service: TestService, _ content: String) async throws {
    let batch = try await service.run(content)
    #expect(batch["status"]?.string == "completed")
    #expect(batch["request_counts"]?["total"]?.int == 1)
    #expect(batch["request_counts"]?["completed"]?.int == outcome.completed)
    #expect(batch["request_counts"]?["failed"]?.int == outcome.failed)
    #expect((batch["output_file_id"]?.string != nil) == (outcome.output > 0))
    #expect((batch["error_file_id"]?.string != nil) == (outcome.errors > 0))
    let output = try await service.lines("output_file_id", of: batch)
    let errors = try await service.lines("error_file_id", of: batch)
    #expect(output.count == outcome.output)
    #expect(errors.count == outcome.errors)
    guard let line = (output + errors).first else { return }
    #expect(line["response"]?["status_code"]?.int == outcome.status)
    #expect((line["error"]?["code"] ?? line["response"]?["body"]?["error"]?["code"])?.string == outcome.code)
  }

  @Test(arguments: outcomes)
  func `by its metadata`(outcome: Outcome) async throws {
    let line = chatLine("a", more: #","metadata":{"simulate":"\#(outcome.directive)"}"#)
    try await check(outcome, TestService(), line)
  }

  @Test(arguments: outcomes)
  func `by its user`(outcome: Outcome) async throws {
    try await check(outcome, TestService(), chatLine("a", more: #","user":"simulate:\#(outcome.directive)""#))
  }

  @Test(arguments: outcomes)
  func `by the configuration`(outcome: Outcome) async throws {
    try await check(outcome, TestService { $0.answer = { _ in outcome.answer } }, chatLine("a"))
  }

  @Test func `the configuration sees the request`() async throws {
    let service = TestService {
      $0.answer = { request in
        .text(
          "\(request.line) \(request.customID) \(request.endpoint) \(request.body["model"]?.string ?? "")")
      }
    }
    let batch = try await service.run("\n" + chatLine("a"))
    let line = try await service.lines("output_file_id", of: batch)[0]
    let text = line["response"]?["body"]?["choices"]?[0]?["message"]?["content"]?.string
    #expect(text == "2 a /v1/chat/completions gpt-4o-mini")
  }

  @Test func `a row's own words come before the configuration`() async throws {
    let service = TestService { $0.answer = { _ in .dropped } }
    let batch = try await service.run(chatLine("a", more: #","metadata":{"simulate":"text:mine"}"#))
    #expect(try await service.lines("output_file_id", of: batch).count == 1)
  }

  @Test func `a whole body can be given`() async throws {
    let service = TestService {
      $0.answer = { _ in
        .body("{\n\"a\": [1,\n2],\r\n\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}")
      }
    }
    let batch = try await service.run(chatLines(2))
    let lines = try await service.lines("output_file_id", of: batch)
    #expect(lines.count == 2)
    #expect(lines[0]["response"]?["body"]?["a"]?.elements.map(\.int) == [1, 2])
    #expect(batch["usage"]?["input_tokens"]?.int == 6)
    #expect(batch["usage"]?["output_tokens"]?.int == 8)
  }

  @Test func `a body that is not JSON fails the row, not the file`() async throws {
    let service = TestService { $0.answer = { _ in .body("{\"a\"") } }
    let batch = try await service.run(chatLines(1))
    #expect(try await service.lines("error_file_id", of: batch)[0]["response"]?["status_code"]?.int == 500)
  }

  @Test func `all rows can fail in a completed batch`() async throws {
    let service = TestService { $0.answer = { _ in .failure(status: 400) } }
    let batch = try await service.run(chatLines(9))
    #expect(batch["status"]?.string == "completed")
    #expect(batch["request_counts"]?["failed"]?.int == 9)
    #expect(batch["output_file_id"]?.isNull == true)
  }
}
