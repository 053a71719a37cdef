// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import Testing

/// `prepare`, as the built command.
struct PrepareTests {
  private let fixture: CommandFixture

  init() throws {
    fixture = try CommandFixture()
    fixture.environment["OPENAI_API_KEY"] = nil
  }

  private func rows(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func prompts(_ text: String) throws -> [String?] {
    try rows(text).map { row in
      let body = row["body"] as? [String: Any]
      return (body?["messages"] as? [[String: Any]])?.last?["content"] as? String
    }
  }

  @Test func aTable() async throws {
    try fixture.write("\u{FEFF}id, text\r\n1,\"say \"\"hi\"\"\r\nnow\"\r\n\r\n2,\"a,b\"", to: "rows.csv")
    let outcome = try await fixture.run(
      "prepare", "rows.csv", "--model", "gpt-5-mini", "--template", "Classify: {text} #{id} {{x}}",
      "--system", "Be \"brief\"",
      "--set", "max_tokens=5", "--set", "user=joe", "--set", "response_format={\"type\":\"json_object\"}",
      "-o", "out.jsonl")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("openai-batch run out.jsonl"))
    let text = try fixture.read("out.jsonl")
    #expect(try prompts(text) == ["Classify: say \"hi\"\r\nnow #1 {x}", "Classify: a,b #2 {x}"])
    let row = try #require(try rows(text).first)
    #expect(row["custom_id"] as? String == "row-1")
    let body = try #require(row["body"] as? [String: Any])
    #expect(body["model"] as? String == "gpt-5-mini" && body["max_tokens"] as? Int == 5)
    #expect(body["user"] as? String == "joe")
    #expect((body["response_format"] as? [String: String]) == ["type": "json_object"])
    #expect(
      (body["messages"] as? [[String: String]])?.first == ["role": "system", "content": "Be \"brief\""])
    #expect(try await fixture.run("lint", "out.jsonl").status == 0)
  }

  @Test func aTableWithTabs() async throws {
    try fixture.write("id\ttext\r\n1\tsay \"hi\\tnow\\n\\\\x\n\n2\t\"a, \\q\"", to: "rows.tsv")
    let outcome = try await fixture.run("prepare", "rows.tsv", "--model", "m")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try prompts(outcome.output) == ["say \"hi\tnow\n\\x", "\"a, \\q\""])
  }

  @Test func linesOfText() async throws {
    let outcome = try await fixture.run(
      "prepare", "-", "--from", "txt", "--model", "m", input: "one\r\n\n two \u{2028}\nthree")
    #expect(outcome.status == 0)
    #expect(try prompts(outcome.output) == ["one", " two \u{2028}", "three"])
    // Some readers of JSON Lines take U+2028 for the end of a line.
    #expect(!outcome.output.unicodeScalars.contains("\u{2028}"))
  }

  @Test func objects() async throws {
    try fixture.write(
      #"{"q":"a","n":1.50,"x":null,"l":[1, 2]}"# + "\n\n" + #"{"q":"b","n":true,"x":"","l":{}}"#,
      to: "r.jsonl")
    let outcome = try await fixture.run("prepare", "r.jsonl", "--model", "m", "--template", "{q}|{n}|{x}|{l}")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try prompts(outcome.output) == ["a|1.50||[1, 2]", "b|true||{}"])
  }

  @Test(arguments: [
    ("/v1/responses", "input"), ("/v1/embeddings", "input"), ("/v1/moderations", "input"),
    ("/v1/completions", "prompt"), ("/v1/images/generations", "prompt"),
  ])
  func otherEndpoints(endpoint: String, key: String) async throws {
    let outcome = try await fixture.run(
      "prepare", "-", "--from", "txt", "--model", "m", "--endpoint", endpoint, "--set", "a=1", "--set", "z=1",
      input: "x\n")
    let row = try #require(try rows(outcome.output).first)
    #expect(row["url"] as? String == endpoint)
    #expect((row["body"] as? [String: Any])?[key] as? String == "x")
    #expect(try await fixture.run("lint", "-", input: outcome.output).status == 0)
  }

  @Test func contentIDsStayWhenRowsMove() async throws {
    let arguments = ["prepare", "-", "--from", "txt", "--model", "m", "--ids", "content"]
    let one = try await fixture.start(arguments, input: "a\nb\na\n").wait()
    let other = try await fixture.start(arguments, input: "b\na\nc\n").wait()
    let ids = try rows(one.output).map { $0["custom_id"] as? String ?? "?" }
    #expect(ids[2] == "\(ids[0])-2")
    #expect(try rows(other.output).map { $0["custom_id"] as? String }.prefix(2) == [ids[1], ids[0]])
    let model = try await fixture.start(arguments + ["--set", "top_p=1"], input: "a\n").wait()
    #expect(try rows(model.output).first?["custom_id"] as? String != ids[0])
  }

  @Test func idsOfAColumn() async throws {
    try fixture.write("key,text\nk1,a\nk2,b\n", to: "in.csv")
    let outcome = try await fixture.run("prepare", "in.csv", "--model", "m", "--id-column", "key")
    #expect(try rows(outcome.output).map { $0["custom_id"] as? String } == ["k1", "k2"])
    try fixture.write("key,text\nk1,a\nk2,b\nk1,c\n", to: "in.csv")
    let twice = try await fixture.run(
      "prepare", "in.csv", "--model", "m", "--id-column", "key", "-o", "out.jsonl")
    #expect(twice.status == 2)
    for part in ["in.csv: row 3", "row 1", "--ids content"] { #expect(twice.errors.contains(part)) }
    #expect(!FileManager.default.fileExists(atPath: fixture.path("out.jsonl")))
  }

  @Test(arguments: [
    (
      name: "in.csv", text: "id,text\n1,a\n", more: ["--template", "{txt}"],
      expected: ["in.csv:2: row 1", "{txt}", "{id}, {text}"]
    ),
    ("in.csv", "id,text\n1,a\n\n2\n", [], ["in.csv:4: row 2", "1 fields", "2"]),
    ("in.csv", "id,text\n1,\"a\n", [], ["in.csv:2", "never closed"]),
    ("in.csv", "id,id\n1,2\n", [], ["in.csv:1", "\"id\" twice"]),
    ("in.csv", "", [], ["no header"]),
    ("in.csv", "text\n", [], ["no rows"]),
    ("in.csv", "id,text\n,a\n", ["--id-column", "id"], ["in.csv:2: row 1", "empty"]),
    ("in.csv", "text\na\n", ["--id-column", "id"], ["{id}", "{text}"]),
    ("in.jsonl", "{\"text\":\"a\"}\n[1]\n", [], ["in.jsonl:2: row 2", "not a JSON object"]),
    ("in.jsonl", "{\"text\":\"a\"}\n\n{\"text\"\n", [], ["in.jsonl:3: row 2", "expected ':'", "byte"]),
    ("in.jsonl", "{\"text\":\"a\"}\n{\"Text\":\"b\"}\n", [], ["in.jsonl:2: row 2", "{text}", "{Text}"]),
    ("in.txt", "", [], ["no rows"]),
    ("in.txt", "a\n", ["--template", "{text"], ["--template", "{{"]),
    ("in.txt", "a\n", ["--set", "model=x"], ["--set model"]),
    ("in.txt", "a\n", ["--set", "messages=[]"], ["--set messages"]),
    ("in.txt", "a\n", ["--set", "stream=true"], ["stream"]),
    ("in.txt", "a\n", ["--set", "a=1", "--set", "a=2"], ["--set a"]),
    ("in.txt", "a\n", ["--set", "temperature=.5"], ["--set temperature", "not JSON"]),
    ("in.txt", "a\n", ["--set", "logprobs=True"], ["--set logprobs", "not JSON"]),
    ("in.txt", "a\n", ["--set", "stop=[\"a\",]"], ["--set stop", "not JSON"]),
    ("in.txt", "a\n", ["--set", "user=007"], ["--set user", "double quotes"]),
    ("in.txt", "a\n", ["--endpoint", "/v1/embeddings", "--system", "x"], ["--system"]),
    ("in.txt", "a\n", ["--endpoint", "/v1/videos"], ["/v1/videos", "/v1/responses"]),
    ("in.dat", "a\n", [], ["--from"]),
  ])
  func whatIsWrongIsSaid(name: String, text: String, more: [String], expected: [String]) async throws {
    try fixture.write(text, to: name)
    let outcome = try await fixture.start(["prepare", name, "--model", "m"] + more).wait()
    #expect(outcome.status == 2, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    for part in expected { #expect(outcome.errors.contains(part), "\(outcome.errors)") }
  }

  @Test func moreThanABatchIsToBeSplit() async throws {
    try fixture.write((0...50_000).map { "\($0)\n" }.joined(), to: "in.txt")
    let outcome = try await fixture.run("prepare", "in.txt", "--model", "m", "-o", "out.jsonl")
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("They take 2 batches: openai-batch split out.jsonl -o out"))
  }
}
