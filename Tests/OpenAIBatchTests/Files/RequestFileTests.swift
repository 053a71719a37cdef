// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import Testing

@testable import OpenAIBatch

private func line(
  _ id: String = "a", method: String = "POST", url: String = "/v1/responses", model: String = "m",
  extra: String = ""
) -> String {
  #"{"custom_id":"\#(id)","method":"\#(method)","url":"\#(url)","body":{"model":"\#(model)"\#(extra)}}"#
}

@Suite struct RequestFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func check(
    _ text: String, limits: RequestFile.Limits = .openAI, endpoint: BatchEndpoint? = nil
  ) throws -> RequestFile {
    try RequestFile(checking: try folder.write(text, to: "in.jsonl"), limits: limits, endpoint: endpoint)
  }

  @Test(arguments: [
    "\(line("a"))\n\(line("b"))\n",
    "\(line("a"))\n\(line("b"))",
    "\(line("a"))\r\n\(line("b"))\r\n",
    "\n\n\(line("a"))\n  \t\n\r\n\(line("b"))\n\n",
    "\(line("a", extra: #","input":"one\u2028two","stream":false"#))\n\(line("b", extra: #","stream":null"#))",
    "\(line("a\u{2028}\u{2029}\u{85}", extra: ",\"input\":\"x\u{2028}y\""))\n\(line("b"))",
    " \(line("a")) \n\(line("b"))\t",
  ])
  func takesAGoodFile(text: String) throws {
    let file = try check(text)
    #expect(file.problems.isEmpty && file.problemCount == 0)
    #expect(file.rows == 2)
    #expect(file.bytes == Int64(text.utf8.count))
    #expect(file.endpoint == .responses)
    #expect(file.model == "m")
    try file.requireValid()
  }

  @Test(arguments: [
    ("{", "invalid_json_line", "not valid JSON at byte 1"),
    ("{\"a\":1} x", "invalid_json_line", "not valid JSON at byte 8"),
    ("{\"a\":\"\u{0}\"}", "invalid_json_line", "not valid JSON"),
    ("[1]", "invalid_json_line", "not a JSON object"),
    ("null", "invalid_json_line", "not a JSON object"),
    (
      #"{"method":"POST","url":"/v1/responses","body":{"model":"m"}}"#, "missing_required_parameter",
      "custom_id"
    ),
    (line(""), "missing_required_parameter", "custom_id"),
    (
      #"{"custom_id":7,"method":"POST","url":"/v1/responses","body":{"model":"m"}}"#,
      "missing_required_parameter", "custom_id must be a text"
    ),
    (
      #"{"custom_id":null,"method":"POST","url":"/v1/responses","body":{"model":"m"}}"#,
      "missing_required_parameter", "custom_id"
    ),
    (line(method: "GET"), "invalid_method", "method is \"GET\"; it must be \"POST\""),
    (line(method: "post"), "invalid_method", "method is \"post\""),
    (#"{"custom_id":"a","url":"/v1/responses","body":{"model":"m"}}"#, "invalid_method", "is missing"),
    (line(url: ""), "missing_required_parameter", "url must be"),
    (#"{"custom_id":"a","method":"POST","body":{"model":"m"}}"#, "missing_required_parameter", "url must be"),
    (
      line(url: "/v1/embeddings"), "invalid_url",
      "url is \"/v1/embeddings\"; the batch's endpoint is \"/v1/responses\""
    ),
    (line(url: "/v1/responses/"), "invalid_url", "url is \"/v1/responses/\""),
    (
      #"{"custom_id":"a","method":"POST","url":"/v1/responses"}"#, "missing_required_parameter",
      "body must be a JSON object"
    ),
    (
      #"{"custom_id":"a","method":"POST","url":"/v1/responses","body":"{}"}"#, "missing_required_parameter",
      "body must be a JSON object"
    ),
    (
      #"{"custom_id":"a","method":"POST","url":"/v1/responses","body":{}}"#, "missing_required_parameter",
      "body.model"
    ),
    (line(model: ""), "missing_required_parameter", "body.model"),
    (line(model: "other"), "mismatched_model", "body.model is \"other\"; the first row's is \"m\""),
    (line(extra: #","stream":true"#), "streaming_unsupported", "body.stream"),
    (line(extra: #","stream":"yes""#), "streaming_unsupported", "body.stream"),
  ])
  func namesAProblemWithItsLine(bad: String, code: String, words: String) throws {
    let file = try check("\(line("first"))\n\n\(bad)\n\(line("last"))\n")
    #expect(file.problemCount == 1)
    let problem = try #require(file.problems.first)
    #expect(problem.line == 3)
    #expect(problem.code.rawValue == code)
    #expect(problem.message.contains(words), "\(problem.message)")
    #expect(problem.description.hasPrefix("3: \(code): "))
    #expect(file.rows == 3)
  }

  @Test func holdsEachRowToTheEndpointAskedFor() throws {
    let file = try check("\(line("a"))\n\(line("b", url: "/v1/embeddings"))", endpoint: .embeddings)
    #expect(file.problems.map(\.line) == [1])
    #expect(file.endpoint == .embeddings)
  }

  @Test func namesBothLinesOfADuplicate() throws {
    let file = try check((["a", "b", "a", "c", "b", "a"].map { line($0) }).joined(separator: "\n"))
    #expect(
      file.problems.map(\.description) == [
        #"3: duplicate_custom_id: custom_id "a" is used already on line 1"#,
        #"5: duplicate_custom_id: custom_id "b" is used already on line 2"#,
        #"6: duplicate_custom_id: custom_id "a" is used already on line 1"#,
      ])
  }

  @Test func tellsEscapedDuplicatesApartFromOtherIDs() throws {
    let file = try check([#"\u0061"#, "a", #"\\u0061"#, "A", "a "].map { line($0) }.joined(separator: "\n"))
    #expect(file.problems.map(\.line) == [2])
    // Texts that look the same and are not: composed and decomposed.
    #expect(try check([line("\u{E9}"), line("e\u{301}")].joined(separator: "\n")).problems.isEmpty)
  }

  @Test func believesTheIDsAndNotTheirHashes() throws {
    let path = try folder.write(["a", "b", "c", "b"].map { line($0) }.joined(separator: "\n"), to: "c.jsonl")
    let file = try RequestFile(
      checking: path, for: .oneBatch, limits: .openAI, endpoint: nil, hash: { _ in 1 })
    #expect(file.problems.map(\.line) == [4])
    #expect(file.problems.first?.message.contains("line 2") == true)
  }

  @Test func reportsAByteOrderMark() throws {
    let file = try check("\u{FEFF}\(line("a"))\n\(line("b"))\n")
    #expect(file.problems.map(\.line) == [1])
    #expect(file.problems.first?.message.contains("byte order mark") == true)
    #expect(file.rows == 2)
  }

  @Test(arguments: ["", "\n", "  \r\n\t\n"])
  func reportsAFileWithoutRows(text: String) throws {
    let file = try check(text)
    #expect(file.problems.map(\.description) == ["empty_file: The file has no rows."])
    #expect(file.rows == 0)
  }

  @Test func keepsTheLimits() throws {
    let text = (1...4).map { line("\($0)") }.joined(separator: "\n")
    let bytes = Int64(text.utf8.count)
    #expect(try check(text, limits: .init(rows: 4, bytes: bytes)).problems.isEmpty)
    #expect(
      try check(text, limits: .init(rows: 3, bytes: bytes)).problems.map(\.description)
        == ["too_many_tasks: The file has 4 rows; a batch takes at most 3."])
    #expect(
      try check(text, limits: .init(rows: 4, bytes: bytes - 1)).problems.map(\.description)
        == ["file_too_large: The file has \(bytes) bytes; a batch takes at most \(bytes - 1)."])
    #expect(RequestFile.Limits.openAI == .init(rows: 50_000, bytes: 209_715_200))
  }

  @Test func reportsALineThatIsTooLong() throws {
    let long = line("long", extra: ",\"input\":\"\(String(repeating: "x", count: 17 << 20))\"")
    let file = try check("\(line("a"))\n\(long)\n\(line("b"))\n")
    #expect(file.problems.map(\.line) == [2])
    #expect(file.problems.first?.message.contains("too long") == true)
    #expect(file.rows == 3)
  }

  @Test func showsTheFirstHundredOfManyProblems() throws {
    // 300 bad lines, among them duplicates of the first two rows, and one row too many.
    var lines = [line("a"), line("b")]
    for number in 3...302 { lines.append(number % 50 == 0 ? line("a") : line("\(number)", method: "PUT")) }
    let file = try check(lines.joined(separator: "\n"), limits: .init(rows: 301, bytes: 1 << 20))
    #expect(file.problemCount == 301)
    #expect(file.problems.count == 100)
    #expect(file.problems.map { $0.line ?? 0 } == [0] + Array(3...101))
    #expect(file.problems.first?.code == "too_many_tasks")
    #expect(file.problems.filter { $0.code == .duplicateCustomID }.map(\.line) == [50, 100])

    let error = try #require(throws: BatchClientError.self) {
      try file.requireValid(operation: "run", named: "in.jsonl")
    }
    #expect(error.kind == .invalidRequest && error.operation == "run")
    let shown = error.message.split(separator: "\n")
    #expect(shown.count == 21)
    #expect(shown.first?.hasPrefix("in.jsonl:too_many_tasks: ") == true)
    #expect(shown[1].hasPrefix("in.jsonl:3: invalid_method: "))
    #expect(shown.last == "and 281 more")
  }

  @Test func collectsAllProblemsOfOneLine() throws {
    let bad = #"{"custom_id":"","method":"GET","url":"","body":{"stream":true}}"#
    let file = try check("\(line("a"))\n\(bad)")
    #expect(
      file.problems.map(\.code.rawValue).sorted() == [
        "invalid_method", "missing_required_parameter", "missing_required_parameter",
        "missing_required_parameter", "streaming_unsupported",
      ])
  }

  @Test(arguments: ["none.jsonl", ""])
  func saysWhenTheFileCannotBeRead(name: String) throws {
    let path = "\(folder.path)/\(name)"
    let error = try #require(throws: BatchClientError.self) { try RequestFile(checking: path) }
    #expect(error.kind == .file)
    #expect(error.message.hasPrefix(path))
  }

  @Test func endsWithItsTask() async throws {
    let path = try folder.write(line("a"), to: "in.jsonl")
    let check = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try RequestFile(checking: path)
    }
    let error = try #require(await #expect(throws: BatchClientError.self) { try await check.value })
    #expect(error.isCancellation)
  }

  @Test func findsADuplicateFarBack() throws {
    // More than a mark's distance between the two, and blank lines that count as lines.
    var lines = (1...3000).map {
      line("row-\($0)", extra: ",\"input\":\"\(String(repeating: "x", count: 300))\"")
    }
    lines.insert("", at: 10)
    lines.append(line("row-1500"))
    let file = try check(lines.joined(separator: "\n"))
    #expect(file.problems.map(\.line) == [3002])
    #expect(file.problems.first?.earlierLine == 1501)
  }

  @Test func comparesLongIDsWithEscapesInFull() throws {
    let long = String(repeating: "long-", count: 200)
    let file = try check(
      [line(long + "a"), line(long + "b"), line(long + "\\u0061"), line(long + "\\\"")].joined(
        separator: "\n"))
    #expect(file.problems.map(\.line) == [3])
    #expect(file.problems.first?.earlierLine == 1)
  }

  @Test(arguments: [
    (
      #"{"custom_id":"a","custom_id":"b","method":"POST","url":"/v1/responses","body":{"model":"m"}}"#,
      "custom_id"
    ),
    (#"{"custom_id":"a","method":"POST","url":"/v1/responses","body":{},"body":{"model":"m"}}"#, "body"),
    (line(extra: #","model":"n""#), "body.model"), (line(extra: #","mod\u0065l":"n""#), "body.model"),
    (line(extra: #","stream":false,"stream":true"#), "body.stream"),
  ])
  func refusesAMemberThatStandsTwice(text: String, name: String) throws {
    let file = try check(text)
    #expect(file.problems.contains { $0.code == "duplicate_key" && $0.message.hasPrefix("\(name) ") })
  }

  @Test func countsEmbeddingInputs() throws {
    func row(_ id: Int, _ input: String) -> String {
      line("\(id)", url: "/v1/embeddings", extra: ",\"input\":\(input)")
    }
    let inputs = [#""one""#, #"["a","b","c"]"#, "[1,2,3]", "[[1,2],[3]]", "[]"]
    let text = inputs.enumerated().map { row($0.offset, $0.element) }.joined(separator: "\n")
    #expect(try check(text).embeddingInputs == 1 + 3 + 1 + 2 + 0)
    #expect(try check(text).problems.isEmpty)
    let limits = RequestFile.Limits(rows: 10, bytes: 1 << 20, embeddingInputs: 6)
    #expect(
      try check(text, limits: limits).problems.map(\.description)
        == ["too_many_inputs: The rows have 7 inputs; a batch takes at most 6."])
    // Other endpoints have no such limit.
    #expect(
      try check(text.replacingOccurrences(of: "embeddings", with: "responses"), limits: limits).problems
        .isEmpty)
  }

  @Test func saysThatAFileIsUTF16() throws {
    let path = try folder.write(
      [0xFF, 0xFE] + Array(line("a").utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, to: "u.jsonl")
    let file = try RequestFile(checking: path)
    #expect(file.problems.first?.message.contains("UTF-16") == true)
  }

  @Test func severalBatchesMayHaveWhatOneMayNot() throws {
    let path = try folder.write(
      [
        line("a"), line("b", model: "n"), line("c", url: "/v1/embeddings"), line("d", method: "PUT"),
        line("e"),
      ]
      .joined(separator: "\n"), to: "in.jsonl")
    var rows: [RequestRow] = []
    var problems: [RequestFile.Problem] = []
    let file = try RequestFile(
      checking: path, for: .severalBatches, limits: .init(rows: 1, bytes: 200, embeddingInputs: 1),
      onRow: { rows.append($0) }, onProblem: { problems.append($0) })
    #expect(problems.map(\.line) == [4] && problems == file.problems)
    #expect(rows.map(\.line) == [1, 2, 3, 5])
    #expect(rows.map(\.group) == [0, 1, 2, 0])
    #expect(rows.map(\.model) == ["m", "n", "m", "m"])
    #expect(rows.map(\.embeddingInputs) == [0, 0, 1, 0])
    #expect(rows.map(\.range.lowerBound) == rows.map(\.range.lowerBound).sorted())
  }

  @Test func oneRowMayBeTooMuchForAnyBatch() throws {
    let path = try folder.write(
      [line("a"), line("b", url: "/v1/embeddings", extra: #","input":["x","y","z"]"#)].joined(
        separator: "\n"), to: "in.jsonl")
    let file = try RequestFile(
      checking: path, for: .severalBatches, limits: .init(rows: 9, bytes: 90, embeddingInputs: 2))
    #expect(file.problems.map(\.code.rawValue) == ["too_many_inputs", "file_too_large"])
    #expect(file.problems.map(\.line) == [2, 2])
  }

  @Test func boundsTheModels() throws {
    let text = (0...1000).map { line("\($0)", model: "m\($0)") }.joined(separator: "\n")
    let path = try folder.write(text, to: "in.jsonl")
    let file = try RequestFile(checking: path, for: .severalBatches, limits: .openAI)
    #expect(file.problems.map(\.description).first?.hasPrefix("1001: too_many_models: ") == true)
    #expect(file.problemCount == 1)
  }

  @Test func handsOverEveryProblemAndKeepsTheFirst() throws {
    let text = String(repeating: "{\n", count: 250)
    var lines: [Int?] = []
    let file = try RequestFile(
      checking: try folder.write(text, to: "in.jsonl"), for: .oneBatch,
      limits: .init(rows: 1, bytes: 1 << 20),
      onProblem: { lines.append($0.line) })
    #expect(lines == (1...250).map { $0 } + [nil])
    #expect(file.problemCount == 251 && file.problems.count == 100)
  }
}
