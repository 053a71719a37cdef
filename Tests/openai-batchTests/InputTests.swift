// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import Testing

/// What is wrong before anything is sent: exit codes 2, 3 and 8.
struct InputTests {
  private typealias Fixture = CommandFixture

  static let badInputs: [(name: String, text: String, expected: [String])] = [
    ("empty", "", ["empty_file"]),
    ("not JSON", CommandFixture.row("a") + "{oops\n", ["requests.jsonl:2: invalid_json_line"]),
    (
      "duplicate", CommandFixture.row("a") + CommandFixture.row("b") + CommandFixture.row("a"),
      ["requests.jsonl:3: duplicate_custom_id", "line 1"]
    ),
    (
      "mixed endpoints", CommandFixture.row("a") + CommandFixture.row("b", url: "/v1/responses"),
      ["requests.jsonl:2: invalid_url"]
    ),
    (
      "mixed models",
      CommandFixture.row("a") + CommandFixture.row("b").replacingOccurrences(of: "\"m\"", with: "\"n\""),
      ["requests.jsonl:2: mismatched_model"]
    ),
    (
      "stream", CommandFixture.row("a", body: ",\"stream\":true"), ["requests.jsonl:1: streaming_unsupported"]
    ),
    (
      "byte order mark", "\u{FEFF}" + CommandFixture.row("a"),
      ["requests.jsonl:1: invalid_json_line", "byte order mark"]
    ),
    (
      "many problems", String(repeating: "{\n", count: 30),
      ["requests.jsonl:20:", "and 10 more"]
    ),
  ]

  @Test(arguments: badInputs.indices)
  func problemsOfTheInputAreListed(index: Int) async throws {
    let (_, text, expected) = Self.badInputs[index]
    let fixture = try Fixture()
    try fixture.write(text, to: "requests.jsonl")
    let outcome = try await fixture.run("run", "requests.jsonl", "-o", "out.jsonl")
    #expect(outcome.status == 2)
    #expect(outcome.output.isEmpty)
    for part in expected { #expect(outcome.errors.contains(part), "\(outcome.errors)") }
  }

  @Test func tooManyRowsAreRefused() async throws {
    let fixture = try Fixture()
    try fixture.write((0...50_000).map { CommandFixture.row("r\($0)") }.joined(), to: "requests.jsonl")
    let outcome = try await fixture.run("run", "requests.jsonl")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("50001 rows"))
  }

  @Test func aMissingInputIsUsage() async throws {
    let outcome = try await Fixture().run("run", "nothing.jsonl")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("nothing.jsonl"))
  }

  @Test func anEndpointThatIsNotTheRowsIsRefused() async throws {
    let fixture = try Fixture()
    try fixture.write(CommandFixture.row("a"), to: "requests.jsonl")
    let outcome = try await fixture.run("run", "requests.jsonl", "--endpoint", "/v1/responses")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("invalid_url"))
  }

  @Test(arguments: [nil, "", " sk", "sk\nx", "sk-\u{e9}"])
  func aBadKeyIsConfiguration(key: String?) async throws {
    let fixture = try Fixture()
    fixture.environment["OPENAI_API_KEY"] = key
    let outcome = try await fixture.run("batches", "list")
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("OPENAI_API_KEY"))
    if let key, key.count > 1 { #expect(!outcome.errors.contains(key)) }
  }

  @Test(arguments: [
    ["batches", "list", "--limit", "0"], ["batches", "create", "file"], ["run"], ["nonsense"],
    ["batches", "list", "--transport", "pigeon"], ["wait", "id", "--for", "soon"],
    ["batches", "create", "file", "--endpoint", "/v1/responses", "--metadata", "novalue"],
    ["batches", "create", "file", "--endpoint", "/v1/responses", "--output-expires-after", "1m"],
    ["batches", "get", "../files"], ["batches", "get", ""], ["files", "content", "a/%2e%2e/b"],
  ])
  func wrongUsageIsTwo(arguments: [String]) async throws {
    let outcome = try await Fixture().start(arguments).wait()
    #expect(outcome.status == 2, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(!outcome.errors.isEmpty)
  }

  @Test(arguments: [["help", "exit-codes"], ["exit-codes"]])
  func theExitCodesAreListed(arguments: [String]) async throws {
    let outcome = try await Fixture().start(arguments).wait()
    #expect(outcome.status == 0)
    for code in ["  0", "  9", " 10", "130", "143"] { #expect(outcome.output.contains("\(code)  ")) }
  }

  @Test func helpNeedsNoKey() async throws {
    let fixture = try Fixture()
    fixture.environment["OPENAI_API_KEY"] = nil
    for arguments in [["--help"], ["run", "--help"], ["--version"]] {
      let outcome = try await fixture.start(arguments).wait()
      #expect(outcome.status == 0)
      #expect(!outcome.output.isEmpty)
    }
  }

  @Test func anUnreachableServiceIsFive() async throws {
    let outcome = try await Fixture().run("batches", "list", "--base-url", "http://127.0.0.1:9/v1")
    #expect(outcome.status == 5)
  }

  @Test func plainHTTPToAnotherMachineIsConfiguration() async throws {
    let outcome = try await Fixture().run("batches", "list", "--base-url", "http://example.test/v1")
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("https"))
  }
}
