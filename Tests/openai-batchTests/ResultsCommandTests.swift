// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
import Foundation
import OpenAIBatchSimulatorServer
import Testing

/// `results` and `verify` against a simulator on a real socket.
struct ResultsCommandTests {
  private struct Service {
    let fixture: CommandFixture
    let simulator: BatchSimulator
    let server: SimulatorServer
    let batch: String
  }

  /// A batch of four rows, of which one was answered with quotes, line breaks and tabs.
  private func service(
    speed: Double = 1000, waits: Bool = true, faults: [BatchSimulator.Fault] = []
  ) async throws -> Service {
    let simulator = BatchSimulator(
      configuration: BatchSimulator.Configuration(speed: speed, faults: faults) { request in
        switch request.customID {
        case "odd, \"1\"": .text("a \"b\",\tc\\d\r\ne")
        case "bad": .failure(status: 400, code: "invalid_value")
        case "lost": .dropped
        default: .text("plain")
        }
      })
    let server = try await simulator.serve(port: 0)
    let fixture = try CommandFixture()
    fixture.environment["OPENAI_BASE_URL"] = server.baseURL
    try fixture.write(
      ["plain", "bad", #"odd, \"1\""#, "lost"].map { CommandFixture.row($0) }.joined(), to: "in.jsonl")
    let upload = try await fixture.run("files", "upload", "in.jsonl")
    let file = try #require(try object(upload.output)["id"] as? String)
    let create = try await fixture.run("batches", "create", file, "--endpoint", "/v1/chat/completions")
    let batch = try #require(try object(create.output)["id"] as? String)
    if waits { _ = try await fixture.run("wait", batch, "--poll", "10ms") }
    return Service(fixture: fixture, simulator: simulator, server: server, batch: batch)
  }

  private func object(_ text: some StringProtocol) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func orderedLines() async throws {
    let service = try await service()
    let outcome = try await service.fixture.run(
      "results", service.batch, "--ordered", "--input", "in.jsonl", "-o", "out.jsonl")
    #expect(outcome.status == 6)
    #expect(outcome.errors.contains("2 answered, 1 missing, 1 rejected (of 4 rows)"))
    #expect(outcome.errors.contains("1 × rejected 400 invalid_value, such as bad"))
    let objects = try service.fixture.read("out.jsonl").split(separator: "\n").map { try object($0) }
    #expect(objects.map { $0["custom_id"] as? String } == ["plain", "bad", "odd, \"1\"", "lost"])
    #expect((objects[3]["error"] as? [String: Any])?["code"] as? String == "missing")
  }

  @Test func tables() async throws {
    let service = try await service()
    let csv = try await service.fixture.run(
      "results", service.batch, "--ordered", "--input", "in.jsonl", "--format", "csv")
    #expect(
      csv.output == "id,status,text,error\r\nplain,answered,plain,\r\nbad,rejected,,"
        + (try error(in: csv.output)) + "\r\n\"odd, \"\"1\"\"\",answered,\"a \"\"b\"\",\tc\\d\r\ne\",\r\n"
        + "lost,missing,,The row came back in neither the output nor the error file.\r\n")
    // A row of one empty cell is no blank line: readers would leave it out.
    let texts = try await service.fixture.run(
      "results", service.batch, "--ordered", "--input", "in.jsonl", "--format", "csv", "--fields", "text")
    #expect(texts.output == "text\r\nplain\r\n\"\"\r\n\"a \"\"b\"\",\tc\\d\r\ne\"\r\n\"\"\r\n")
    let tsv = try await service.fixture.run(
      "results", service.batch, "--ordered", "--input", "in.jsonl", "--format", "tsv", "--fields",
      "text,id,response.status_code,choices.0.message.role,object,no.such.path,code")
    #expect(
      tsv.output == "text\tid\tresponse.status_code\tchoices.0.message.role\tobject\tno.such.path\tcode\n"
        + "plain\tplain\t200\tassistant\tchat.completion\t\t\n\tbad\t400\t\t\t\tinvalid_value\n"
        + "a \"b\",\\tc\\\\d\\r\\ne\todd, \"1\"\t200\tassistant\tchat.completion\t\t\n\tlost\t\t\t\t\t\n"
    )
  }

  /// The words of the simulator's error, which are its own affair.
  private func error(in csv: String) throws -> String {
    let row = try #require(csv.components(separatedBy: "\r\n").first { $0.hasPrefix("bad,") })
    let words = String(row.dropFirst("bad,rejected,,".count))
    #expect(!words.isEmpty)
    return words
  }

  @Test func fieldsAsObjects() async throws {
    let service = try await service()
    let lines = try await service.fixture.run(
      "results", service.batch, "--ordered", "--input", "in.jsonl", "--fields", "id,usage,text", "--failed")
    #expect(
      lines.output == "{\"id\":\"bad\",\"usage\":null,\"text\":null}\n"
        + "{\"id\":\"lost\",\"usage\":null,\"text\":null}\n")
    let json = try await service.fixture.run(
      "results", service.batch, "--fields", "id,usage.total_tokens", "--format", "json")
    let objects = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
    #expect(objects.count == 3)
    #expect(objects.filter { $0["usage.total_tokens"] is Int }.count == 2)
  }

  @Test func onlyFailedRows() async throws {
    let service = try await service()
    let outcome = try await service.fixture.run("results", service.batch, "--failed")
    #expect(outcome.status == 6)
    #expect(outcome.lines.count == 1)
    #expect(try object(outcome.output)["custom_id"] as? String == "bad")
    #expect(outcome.errors.contains("2 answered, 1 failed, 1 missing."))
  }

  @Test func rowsThatCameBackInNeitherFile() async throws {
    let simulator = BatchSimulator(
      configuration: BatchSimulator.Configuration(speed: 1000) { request in
        request.customID == "lost" ? .dropped : .text("plain")
      })
    let server = try await simulator.serve(port: 0)
    let fixture = try CommandFixture()
    fixture.environment["OPENAI_BASE_URL"] = server.baseURL
    try fixture.write(["plain", "lost"].map { CommandFixture.row($0) }.joined(), to: "in.jsonl")
    let upload = try await fixture.run("files", "upload", "in.jsonl")
    let file = try #require(try object(upload.output)["id"] as? String)
    let create = try await fixture.run("batches", "create", file, "--endpoint", "/v1/chat/completions")
    let batch = try #require(try object(create.output)["id"] as? String)
    _ = try await fixture.run("wait", batch, "--poll", "10ms")
    let outcome = try await fixture.run("results", batch)
    #expect(outcome.status == 6 && outcome.lines.count == 1)
    #expect(outcome.errors.contains("1 answered, 0 failed, 1 missing."))
  }

  @Test func whatOneFileHadIsNotLostWithTheOther() async throws {
    let service = try await service()
    let details = try object(try await service.fixture.run("batches", "get", service.batch).output)
    let file = try #require(details["error_file_id"] as? String)
    #expect(try await service.fixture.run("files", "delete", file).status == 0)
    let outcome = try await service.fixture.run("results", service.batch, "-o", "out.jsonl")
    #expect(outcome.status == 4)
    #expect(try service.fixture.read("out.jsonl").split(separator: "\n").count == 2)
    let ordered = try await service.fixture.run(
      "results", service.batch, "--ordered", "--input", "in.jsonl", "-o", "ordered.jsonl")
    #expect(ordered.status == 4)
    #expect(ordered.errors.contains("1 result file deleted"))
    #expect(try service.fixture.read("ordered.jsonl").split(separator: "\n").count == 4)
  }

  @Test func aRunningBatch() async throws {
    let service = try await service(speed: 0.01, waits: false)
    for arguments in [[], ["--partial"], ["--partial", "--ordered", "--input", "in.jsonl"]] {
      let outcome = try await service.fixture.start(["results", service.batch] + arguments).wait()
      #expect(outcome.status == 7)
      #expect(outcome.output.isEmpty)
    }
    #expect(try await service.fixture.run("verify", service.batch, "--input", "in.jsonl").status == 7)
  }

  @Test func theAccountOfABatch() async throws {
    let service = try await service()
    let text = try await service.fixture.run(
      "verify", service.batch, "--input", "in.jsonl", "--format", "text")
    #expect(text.status == 6)
    #expect(text.output.hasPrefix("2 answered, 1 missing, 1 rejected (of 4 rows)\n"))
    #expect(text.output.contains("1 × missing, such as lost"))
    let json = try object(
      try await service.fixture.run("verify", service.batch, "--input", "in.jsonl").output)
    #expect(json["rows"] as? Int == 4 && json["answered"] as? Int == 2)
    #expect(json["failed"] as? [String: Int] == ["missing": 1, "rejected": 1])
    #expect(json["is_complete"] as? Bool == false)
    #expect((json["groups"] as? [[String: Any]])?.count == 2)

    try service.fixture.write(CommandFixture.row("plain"), to: "one.jsonl")
    let other = try await service.fixture.run("verify", service.batch, "--input", "one.jsonl")
    #expect(other.status == 6)
    #expect(try object(other.output)["unexpected"] as? Int == 2)
  }

  @Test func theAccountOfFilesOnDisk() async throws {
    let service = try await service()
    _ = try await service.fixture.run("results", service.batch, "-o", "out.jsonl")
    service.fixture.environment = ["PATH": "/usr/bin:/bin"]
    let outcome = try await service.fixture.run(
      "verify", "--results", "out.jsonl", "--input", "in.jsonl", "--format", "text")
    #expect(outcome.status == 6)
    #expect(outcome.output.hasPrefix("2 answered, 1 missing, 1 rejected (of 4 rows)\n"))
    try service.fixture.write(CommandFixture.row("plain"), to: "one.jsonl")
    try service.fixture.write(
      try service.fixture.read("out.jsonl").split(separator: "\n").filter { $0.contains("\"plain\"") }
        .joined(), to: "answer.jsonl")
    #expect(
      try await service.fixture.run("verify", "--results", "answer.jsonl", "--input", "one.jsonl").status == 0
    )
    #expect(
      try await service.fixture.run("verify", "--results", "none.jsonl", "--input", "one.jsonl").status == 2)
    try service.fixture.write("", to: "empty.jsonl")
    let empty = try await service.fixture.run(
      "verify", "--results", "answer.jsonl", "--input", "empty.jsonl")
    #expect(empty.status == 2 && empty.errors.contains("empty.jsonl has no rows"))
  }

  @Test(arguments: ["one.jsonl", "answer.jsonl"])
  func theAccountReplacesNoneOfItsInputs(output: String) async throws {
    let fixture = try CommandFixture()
    for name in ["one.jsonl", "answer.jsonl"] { try fixture.write(CommandFixture.row("plain"), to: name) }
    let outcome = try await fixture.run(
      "verify", "--results", "answer.jsonl", "--input", "one.jsonl", "-o", output, "--overwrite")
    #expect(outcome.status == 8 && outcome.errors.contains("\(output) is an input itself"))
    #expect(try fixture.read(output) == CommandFixture.row("plain"))
  }

  /// What the lines do not account for is said, also without the input.
  @Test(arguments: [("duplicate", ", 1 more than the batch has rows"), ("drop", ", 1 missing")])
  func linesAreCountedAgainstTheBatch(directive: String, says: String) async throws {
    let service = try await service()
    let row = CommandFixture.row("steered").replacingOccurrences(
      of: #""body":{"#, with: #""body":{"metadata":{"simulate":"\#(directive)"},"#)
    try service.fixture.write(row + CommandFixture.row("other"), to: "steered.jsonl")
    let run = try await service.fixture.run("run", "steered.jsonl", "-o", "answers", "--poll", "10ms")
    #expect(run.status == 6)
    let batches = try await service.fixture.run("batches", "list")
    let batch = try #require(try object(batches.lines[0])["id"] as? String)
    let outcome = try await service.fixture.run("results", batch)
    #expect(outcome.status == 6 && outcome.errors.contains(says), "\(outcome.errors)")
  }

  @Test(arguments: [
    ["results", "batch_1", "--ordered"], ["results", "batch_1", "--input", "in.jsonl"],
    ["results", "batch_1", "--fields", "id,,text"], ["results", "batch_1", "--format", "xml"],
    ["verify", "--input", "in.jsonl"], ["verify", "batch_1"],
    ["verify", "batch_1", "--results", "out.jsonl", "--input", "in.jsonl"],
  ])
  func wrongUsage(arguments: [String]) async throws {
    #expect(try await CommandFixture().start(arguments).wait().status == 2)
  }
}
#endif
