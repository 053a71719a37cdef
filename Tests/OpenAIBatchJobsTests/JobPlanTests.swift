// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJobs
import Testing

@Suite struct JobPlanTests {
  private let fixture: JobFixture

  init() throws { fixture = try JobFixture() }

  private func row(
    _ id: String, url: String = "/v1/responses", model: String = "m", input: String = "\"x\""
  ) -> String {
    #"{"custom_id":"\#(id)","method":"POST","url":"\#(url)","body":{"input":\#(input),"model":"\#(model)"}}"#
  }

  private func plan(_ text: String, _ limits: RequestFile.Limits = .openAI) throws -> JobPlan {
    try Data(text.utf8).write(to: URL(fileURLWithPath: fixture.input))
    return try JobPlan(input: fixture.input, limits: limits)
  }

  private func text(_ shard: JobPlan.Shard, of plan: JobPlan) throws -> String {
    let path = fixture.folder.appendingPathComponent("shard-\(shard.number).jsonl").path
    try plan.write(shard, to: path)
    return try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test func whatFitsIsOneShard() throws {
    let text = [row("a"), row("b"), row("c")].joined(separator: "\n")
    let plan = try plan(text)
    #expect(plan.shards.count == 1)
    let shard = try #require(plan.shards.first)
    #expect(shard.number == 1 && shard.rows == 3 && shard.bytes == Int64(text.utf8.count))
    #expect(shard.endpoint == .responses && shard.model == "m" && shard.embeddingInputs == 0)
    #expect(shard.ranges == [0..<Int64(text.utf8.count)] && shard.firstLine == 1)
    #expect(try self.text(shard, of: plan) == text)
  }

  @Test func closesAShardAtItsRows() throws {
    let plan = try plan((0..<7).map { row("\($0)") + "\n" }.joined(), .init(rows: 3, bytes: 1 << 20))
    #expect(plan.shards.map(\.rows) == [3, 3, 1])
    #expect(plan.shards.map(\.firstLine) == [1, 4, 7])
  }

  @Test func closesAShardAtItsBytes() throws {
    let length = Int64(row("1").utf8.count + 1)
    let text = (0..<7).map { row("\($0)") + "\n" }.joined()
    #expect(try plan(text, .init(rows: 99, bytes: length * 3)).shards.map(\.rows) == [3, 3, 1])
    #expect(try plan(text, .init(rows: 99, bytes: length * 3 - 1)).shards.map(\.rows) == [2, 2, 2, 1])
    #expect(try plan(text, .init(rows: 99, bytes: length)).shards.count == 7)
  }

  @Test func closesAShardAtItsInputs() throws {
    let inputs = ["\"x\"", "[\"a\",\"b\"]", "[\"c\",\"d\",\"e\"]", "[1,2,3]", "[[1],[2]]"]
    let text = inputs.enumerated().map { row("\($0.offset)", url: "/v1/embeddings", input: $0.element) }
    let plan = try plan(text.joined(separator: "\n"), .init(rows: 99, bytes: 1 << 20, embeddingInputs: 4))
    #expect(plan.shards.map(\.embeddingInputs) == [3, 4, 2])
    #expect(plan.shards.map(\.rows) == [2, 2, 1])
  }

  @Test func modelsAndEndpointsHaveShardsOfTheirOwn() throws {
    let rows = [
      row("a"), row("b", model: "n"), row("c"), row("d", url: "/v1/embeddings"), row("e", model: "n"),
      row("f"),
    ]
    let plan = try plan(rows.joined(separator: "\n"), .init(rows: 2, bytes: 1 << 20))
    #expect(plan.shards.map(\.model) == ["m", "n", "m", "m"])
    #expect(plan.shards.map(\.endpoint) == [.responses, .responses, .embeddings, .responses])
    #expect(
      try plan.shards.map { try text($0, of: plan).split(separator: "\n").map(String.init) } == [
        [rows[0], rows[2]], [rows[1], rows[4]], [rows[3]], [rows[5]],
      ])
  }

  @Test func blankLinesAndLineEndsStayOutOfTheWay() throws {
    let text = "\n\(row("a"))\r\n\n  \n\(row("b"))\n\n"
    let plan = try plan(text)
    let shard = try #require(plan.shards.first)
    #expect(shard.ranges.count == 2)
    #expect(try self.text(shard, of: plan) == "\(row("a"))\r\n\(row("b"))\n")
  }

  /// A row that is left out has a pair of endpoint and model, too, and may be its first.
  @Test func badFirstRowsOfAModelLeaveTheOthersWhole() throws {
    let rows = [
      row("a"), row("a", model: "n"), row("a", model: "o"), row("b", model: "o"), row("c", model: "n"),
      row("d"),
    ]
    try Data(rows.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: fixture.input))
    var problems = 0
    let plan = try JobPlan(input: fixture.input, limits: .openAI) { problems = $0.problemCount }
    #expect(problems == 2)
    #expect(plan.shards.map(\.model) == ["m", "o", "n"])
    #expect(plan.shards.map(\.rows) == [2, 1, 1])
  }

  @Test func aShardIsNotWrittenOverTheInput() throws {
    let text = row("a") + "\n"
    let plan = try plan(text)
    let link = fixture.folder.appendingPathComponent("link").path
    try FileManager.default.linkItem(atPath: fixture.input, toPath: link)
    for path in [fixture.input, link] {
      let shard = try #require(plan.shards.first)
      let error = try #require(throws: BatchClientError.self) { try plan.write(shard, to: path) }
      #expect(error.kind == .file && error.message.contains("the input itself"))
    }
    #expect(try String(contentsOfFile: fixture.input, encoding: .utf8) == text)
  }

  @Test func problemsThatSplittingDoesNotMendAreErrors() throws {
    let error = try #require(throws: BatchClientError.self) { try plan("\(row("a"))\n\(row("a"))\n{") }
    #expect(error.kind == .invalidRequest)
    #expect(
      error.message.contains(":2: duplicate_custom_id") && error.message.contains(":3: invalid_json_line"))
    #expect(throws: BatchClientError.self) { try plan("") }
  }

  @Test func aChangedInputIsNotWritten() throws {
    let plan = try plan(row("a") + "\n")
    try Data((row("b") + "\n\n").utf8).write(to: URL(fileURLWithPath: fixture.input))
    let shard = try #require(plan.shards.first)
    let error = try #require(throws: BatchClientError.self) { try plan.write(shard, to: fixture.output) }
    #expect(error.kind == .file && error.message.contains("changed"))
    #expect(!FileManager.default.fileExists(atPath: fixture.output))
  }

  /// Random inputs under random limits: every row once, in order, no limit broken, the same plan twice.
  @Test(arguments: 0..<15) func anyInput(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var rows: [(group: String, text: String)] = []
    var text = random.next() % 2 == 0 ? "" : "\n"
    for number in 0..<Int(random.next() % 200 + 1) {
      let url = ["/v1/responses", "/v1/embeddings"][Int(random.next() % 2)]
      let model = "m\(random.next() % 3)"
      let input = "[\((0..<random.next() % 4 + 1).map { "\"\($0)é\u{2028}\"" }.joined(separator: ","))]"
      let line = row("r\(number)", url: url, model: model, input: input)
      rows.append((url + model, line))
      text += line + ["\n", "\r\n", "\n\n", "\n \t\n"][Int(random.next() % 4)]
    }
    let limits = RequestFile.Limits(
      rows: Int(random.next() % 20 + 1), bytes: Int64(random.next() % 2000 + 150),
      embeddingInputs: Int(random.next() % 20 + 4))
    let plan = try plan(text, limits)
    #expect(try JobPlan(input: fixture.input, limits: limits).shards == plan.shards)
    var written: [String: [String]] = [:]
    for shard in plan.shards {
      let path = fixture.folder.appendingPathComponent("shard").path
      try plan.write(shard, to: path)
      let file = try RequestFile(checking: path, limits: limits, endpoint: shard.endpoint)
      #expect(file.problems.isEmpty, "\(file.problems)")
      #expect(file.rows == shard.rows && file.bytes == shard.bytes && file.model == shard.model)
      #expect(file.embeddingInputs == shard.embeddingInputs)
      written[shard.endpoint.rawValue + shard.model, default: []] += try lines(of: path)
    }
    #expect(written == Dictionary(grouping: rows, by: \.group).mapValues { $0.map(\.text) })
    #expect(plan.shards.map(\.firstLine) == plan.shards.map(\.firstLine).sorted())
    #expect(plan.shards.reduce(0) { $0 + $1.rows } == rows.count)
  }

  /// Lines by line feeds alone; a carriage return before one is dropped.
  private func lines(of path: String) throws -> [String] {
    try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: 0x0A).map { line in
      String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
    }
  }

  @Test func aLargeInputIsPlannedInOnePass() throws {
    let filler = String(repeating: "x", count: 200)
    let path = fixture.input
    #expect(FileManager.default.createFile(atPath: path, contents: nil))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    for start in stride(from: 0, to: 30_000, by: 5_000) {
      let rows = (start..<start + 5_000).map { row("request-\($0)", input: "\"\(filler)\"") + "\n" }
      try file.write(contentsOf: Data(rows.joined().utf8))
    }
    try file.close()
    let plan = try JobPlan(input: path, limits: .init(rows: 12_500, bytes: 1 << 30))
    #expect(plan.shards.map(\.rows) == [12_500, 12_500, 5_000])
    #expect(plan.shards.allSatisfy { $0.ranges.count == 1 })
    #expect(plan.input.bytes == plan.shards.reduce(0) { $0 + $1.bytes })
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
