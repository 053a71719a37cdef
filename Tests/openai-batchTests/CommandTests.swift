// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
import Foundation
import OpenAIBatchSimulatorServer
import Testing

/// The commands against a simulator on a real socket.
@Suite(.serialized)
struct CommandTests {
  private struct Service {
    let fixture: CommandFixture
    let simulator: BatchSimulator
    let server: SimulatorServer
  }

  private func service(
    speed: Double = 100, faults: [BatchSimulator.Fault] = [], transport: String = "curl"
  ) async throws -> Service {
    let simulator = BatchSimulator(configuration: BatchSimulator.Configuration(speed: speed, faults: faults))
    let server = try await simulator.serve(port: 0)
    let fixture = try CommandFixture()
    fixture.environment["OPENAI_BASE_URL"] = server.baseURL
    return Service(fixture: fixture, simulator: simulator, server: server)
  }

  @Test(arguments: ["curl", "urlsession"])
  func theMainJobOnEitherTransport(transport: String) async throws {
    let service = try await service()
    try service.fixture.write((0..<50).map { CommandFixture.row("r\($0)") }.joined(), to: "in.jsonl")
    let outcome = try await service.fixture.run(
      "run", "in.jsonl", "-o", "out.jsonl", "--poll", "20ms", "--transport", transport, "-vv")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(try ids(service.fixture.read("out.jsonl")) == (0..<50).map { "r\($0)" })
    #expect(!outcome.errors.contains("sk-canary"))
    let again = try await service.fixture.run(
      "run", "in.jsonl", "-o", "out.jsonl", "--poll", "20ms", "--transport", transport)
    #expect(again.status == 0)
    #expect(again.errors.contains("going on with it"))
    #expect(service.simulator.requestCount(of: .createBatch) == 1)
  }

  @Test func anInputWhoseNameReadsAsAPairIsTheInput() async throws {
    let service = try await service()
    try service.fixture.write(CommandFixture.row("only"), to: "part=1.jsonl")
    let outcome = try await service.fixture.run(
      "run", "--poll", "20ms", "-q", "--metadata", "team=search", "owner=me", "part=1.jsonl")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(ids(outcome.output) == ["only"])
  }

  @Test func stdinToStdout() async throws {
    let service = try await service()
    let temporary = service.fixture.path("temporary")
    try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    service.fixture.environment["TMPDIR"] = temporary
    let outcome = try await service.fixture.run(
      "run", "-", "--poll", "20ms", "-q", input: CommandFixture.row("only"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
    #expect(outcome.status == 0)
    #expect(ids(outcome.output) == ["only"])
    #expect(outcome.errors.isEmpty)
  }

  @Test func aTableIsPreparedSplitAndRun() async throws {
    let service = try await service()
    let fixture = service.fixture
    let table =
      "id,text\r\n" + (0..<30).map { "k\($0),\"row \($0),\r\nsecond \"\"line\"\" é\u{2028}\"\r\n" }.joined()
    try fixture.write(table, to: "rows.csv")
    let prepare = try await fixture.run(
      "prepare", "rows.csv", "--model", "m", "--template", "Classify: {text}", "--id-column", "id", "-o",
      "in.jsonl")
    #expect(prepare.status == 0, "\(prepare.errors)")
    #expect(try await fixture.run("lint", "in.jsonl").status == 0)
    #expect(try await fixture.run("split", "in.jsonl", "--rows", "20", "-o", "part").status == 0)
    for (part, rows) in [("part-001", 0..<20), ("part-002", 20..<30)] {
      let outcome = try await fixture.run("run", "\(part).jsonl", "-o", "\(part)-out.jsonl", "--poll", "20ms")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(try ids(fixture.read("\(part)-out.jsonl")) == rows.map { "k\($0)" })
    }
    #expect(service.simulator.requestCount(of: .createBatch) == 2)
  }

  @Test func rowsWithoutAnAnswerAreSix() async throws {
    let service = try await service()
    let rows = [
      "fine": "", "bad": ",\"metadata\":{\"simulate\":\"fail:400\"}",
      "lost": ",\"metadata\":{\"simulate\":\"drop\"}",
    ]
    try service.fixture.write(
      ["fine", "bad", "lost"].map { CommandFixture.row($0, body: rows[$0] ?? "") }.joined(), to: "in.jsonl")
    let outcome = try await service.fixture.run("run", "in.jsonl", "-o", "out.jsonl", "--poll", "20ms")
    #expect(outcome.status == 6)
    #expect(try ids(service.fixture.read("out.jsonl")) == ["fine", "bad", "lost"])
    #expect(try service.fixture.read("out.jsonl").contains("\"code\":\"missing\""))
  }

  @Test(arguments: [
    (code: "token_limit_exceeded", status: Int32(10)), (code: "billing_hard_limit_reached", status: Int32(4)),
  ])
  func aFailedBatch(code: String, status: Int32) async throws {
    let service = try await service(faults: [.failBatch(code: code)])
    try service.fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    let outcome = try await service.fixture.run("run", "in.jsonl", "-o", "out.jsonl", "--poll", "20ms")
    #expect(outcome.status == status)
    #expect(outcome.errors.contains(code))
    #expect(!FileManager.default.fileExists(atPath: service.fixture.path("out.jsonl")))
  }

  @Test func notWaitingLongEnoughIsSevenWithTheWayBack() async throws {
    let service = try await service(speed: 1)
    try service.fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    let outcome = try await service.fixture.run(
      "run", "in.jsonl", "-o", "out.jsonl", "--for", "50ms", "--poll", "10ms")
    #expect(outcome.status == 7)
    #expect(outcome.errors.contains("openai-batch run in.jsonl -o out.jsonl --for 50ms --poll 10ms"))
  }

  @Test(arguments: [
    (number: SIGINT, status: Int32(130)), (number: SIGTERM, status: Int32(143)),
    (number: SIGHUP, status: Int32(129)),
  ])
  func signalsDetachAndNeverCancel(number: Int32, status: Int32) async throws {
    let service = try await service(speed: 0.05)
    try service.fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    let running = try service.fixture.start(["run", "in.jsonl", "-o", "out.jsonl", "--poll", "10ms"])
    try await waitUntil { service.simulator.requestCount(of: .retrieveBatch) >= 2 }
    kill(running.process.processIdentifier, number)
    let outcome = try await running.wait()
    #expect(outcome.status == status)
    #expect(outcome.errors.contains("batch_"))
    #expect(outcome.errors.contains("Go on with: openai-batch run in.jsonl -o out.jsonl"))
    #expect(service.simulator.requestCount(of: .cancelBatch) == 0)
    #expect(!FileManager.default.fileExists(atPath: service.fixture.path("out.jsonl.partial")))
  }

  /// As by `nohup`, or in the background of a script.
  @Test(arguments: [(SIGINT, "INT"), (SIGHUP, "HUP")])
  func whatWasIgnoredAtTheStartIsIgnored(number: Int32, name: String) async throws {
    let service = try await service(speed: 0.05)
    try service.fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    let running = try service.fixture.start(
      ["run", "in.jsonl", "-o", "out.jsonl", "--poll", "10ms"], after: "trap '' \(name)")
    try await waitUntil { service.simulator.requestCount(of: .retrieveBatch) >= 2 }
    kill(running.process.processIdentifier, number)
    let count = service.simulator.requestCount(of: .retrieveBatch)
    try await waitUntil { service.simulator.requestCount(of: .retrieveBatch) > count + 5 }
    kill(running.process.processIdentifier, SIGTERM)
    #expect(try await running.wait().status == 143)
  }

  @Test func anArgumentThatIsNotUTF8IsRefused() async throws {
    let fixture = try CommandFixture()
    try fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    let outcome = try await fixture.start(
      [], after: #"set -- merge in.jsonl -o "$(printf 'out\377')""#
    ).wait()
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("not UTF-8"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).allSatisfy {
        !$0.hasPrefix("out")
      })
  }

  @Test func killedAnywhereAndStartedAgain() async throws {
    let service = try await service(speed: 5)
    try service.fixture.write((0..<100).map { CommandFixture.row("r\($0)") }.joined(), to: "in.jsonl")
    let arguments = ["run", "in.jsonl", "-o", "out.jsonl", "--poll", "10ms"]
    for _ in 0..<8 {
      let running = try service.fixture.start(arguments)
      running.kill(SIGKILL, after: .random(in: 0...0.3))
      _ = try await running.wait()
    }
    let outcome = try await service.fixture.start(arguments).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try ids(service.fixture.read("out.jsonl")) == (0..<100).map { "r\($0)" })
    let list = try await service.fixture.run("batches", "list", "--all")
    #expect(list.lines.count == 1)
  }

  @Test func anExistingOutputIsEightBeforeAnythingIsSent() async throws {
    let service = try await service()
    try service.fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    try service.fixture.write("mine", to: "out.jsonl")
    let outcome = try await service.fixture.run("run", "in.jsonl", "-o", "out.jsonl")
    #expect(outcome.status == 8)
    #expect(outcome.errors.contains("out.jsonl"))
    #expect(service.simulator.requestCount(of: .listBatches) == 0)
    let missingFolder = try await service.fixture.run("run", "in.jsonl", "-o", "no/such/folder/out.jsonl")
    #expect(missingFolder.status == 8)
    #expect(
      try await service.fixture.run("run", "in.jsonl", "-o", "out.jsonl", "--overwrite", "--poll", "20ms")
        .status
        == 0)
  }

  @Test func theRawOperations() async throws {
    let service = try await service()
    let fixture = service.fixture
    try fixture.write(CommandFixture.row("a") + CommandFixture.row("b"), to: "in.jsonl")
    let upload = try await fixture.run("files", "upload", "in.jsonl", "--expires-after", "7d")
    let file = try #require(try object(upload.output)["id"] as? String)
    #expect(try await fixture.run("files", "get", file).output.contains(file))
    #expect(try await fixture.run("files", "content", file).output == fixture.read("in.jsonl"))
    #expect(try await fixture.run("files", "list", "--purpose", "batch").lines.count == 1)

    let create = try await fixture.run(
      "batches", "create", file, "--endpoint", "/v1/chat/completions", "--metadata", "team=search",
      "owner=me", "--key",
      "k1",
      "--output-expires-after", "7d")
    let metadata = try object(create.output)["metadata"] as? [String: String]
    #expect(metadata?["team"] == "search" && metadata?["owner"] == "me")
    let batch = try #require(try object(create.output)["id"] as? String)
    let same = try await fixture.run(
      "batches", "create", file, "--endpoint", "/v1/chat/completions", "--key", "k1", "--look-back",
      "1h")
    #expect(try object(same.output)["id"] as? String == batch)
    #expect(try await fixture.run("wait", batch, "--poll", "20ms").status == 0)
    let results = try await fixture.run("results", batch)
    #expect(results.status == 0)
    #expect(Set(ids(results.output)) == ["a", "b"])
    #expect(try await fixture.run("results", batch, "--format", "text").output.contains("a: "))
    #expect(try await fixture.run("batches", "get", batch, "--format", "text").output.contains("completed"))
    let list = try await fixture.run("batches", "list", "--format", "json")
    #expect(try JSONSerialization.jsonObject(with: Data(list.output.utf8)) is [Any])

    let conflict = try await fixture.run("batches", "cancel", batch)
    #expect(conflict.status == 4)
    #expect(conflict.errors.contains("409"))
    #expect(try await fixture.run("files", "delete", file).status == 0)
    #expect(try await fixture.run("files", "get", file).status == 4)
    #expect(try await fixture.run("batches", "get", "batch_none").status == 4)
  }

  @Test func waitShowsEachBatch() async throws {
    let service = try await service()
    defer { withExtendedLifetime(service) {} }
    let fixture = service.fixture
    try fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    var batches: [String] = []
    for output in ["one", "two"] {
      #expect(
        try await fixture.run("run", "in.jsonl", "--key", output, "-o", output, "--poll", "20ms").status == 0)
    }
    for line in try await fixture.run("batches", "list").lines {
      batches.append(try #require(try object(String(line))["id"] as? String))
    }
    #expect(try await fixture.start(["wait", "-o", "ended", "--poll", "20ms"] + batches).wait().status == 0)
    let ended = try fixture.read("ended").split(separator: "\n").map {
      try object(String($0))["id"] as? String
    }
    #expect(Set(ended) == Set(batches) && ended.count == 2)
    let list = try await fixture.start(["wait", "--format", "json", "--poll", "20ms"] + batches).wait()
    #expect((try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [Any])?.count == 2)
    // What has ended is told although another one's error ends the wait.
    let some = ["wait", "--format", "json", "--poll", "20ms", batches[0], "batch_none"]
    let refused = try await fixture.start(some).wait()
    #expect(refused.status == 4)
    #expect((try JSONSerialization.jsonObject(with: Data(refused.output.utf8)) as? [Any])?.count == 1)
    let asked = service.simulator.requestCount(of: .listBatches)
    let limited = try await fixture.run("batches", "list", "--limit", "1")
    #expect(limited.lines.count == 1 && limited.errors.contains("More: "))
    #expect(service.simulator.requestCount(of: .listBatches) == asked + 1, "one page is enough")
  }

  @Test func aWaitForABatchThatIsNotThereSaysSo() async throws {
    let service = try await service()
    defer { withExtendedLifetime(service) {} }
    let outcome = try await service.fixture.run("wait", "batch_typo", "--for", "1s", "--poll", "20ms")
    #expect(outcome.status == 4)
    #expect(outcome.errors.contains("batch_typo has not been seen in time: No batch"), "\(outcome.errors)")
  }

  @Test func whatGoesOnWithAFreshRunMakesNoOther() async throws {
    let service = try await service(speed: 0.01)
    defer { withExtendedLifetime(service) {} }
    let fixture = service.fixture
    try fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    let outcome = try await fixture.run("run", "in.jsonl", "-o", "out", "--fresh", "--for", "100ms")
    #expect(outcome.status == 7)
    #expect(
      outcome.errors.contains("Go on with: openai-batch run in.jsonl -o out --for 100ms\n"),
      "\(outcome.errors)")
  }

  @Test func aTerminalIsGivenNoControlSequences() async throws {
    let service = try await service()
    defer { withExtendedLifetime(service) {} }
    let fixture = service.fixture
    try fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    let file = try await fixture.run("files", "upload", "in.jsonl", "--format", "text").output.prefix {
      $0 != " "
    }
    let clearing = "note=one\u{1B}[2J\ttwo\u{9B}3J"
    let create = try await fixture.run(
      "batches", "create", String(file), "--endpoint", "/v1/chat/completions", "--metadata", clearing,
      "--format",
      "text")
    #expect(create.output.contains("one[2J\ttwo3J\n"))
    #expect(!create.output.unicodeScalars.contains("\u{1B}"))
  }

  @Test func aBaseURLWithoutItsPathIsAskedAbout() async throws {
    let service = try await service()
    let outcome = try await service.fixture.run(
      "batches", "list", "--base-url", "http://127.0.0.1:\(service.server.port)")
    #expect(outcome.status == 4)
    #expect(outcome.errors.contains("did you mean http://127.0.0.1:\(service.server.port)/v1?"))
    let keyed = try await service.fixture.run(
      "batches", "list", "--base-url", "http://127.0.0.1:\(service.server.port)?key=canary")
    #expect(keyed.errors.contains("did you mean http://127.0.0.1:\(service.server.port)/v1?"))
    #expect(!keyed.errors.contains("canary"))
  }

  @Test func aPipeIsNoFileToUpload() async throws {
    let fixture = try CommandFixture()
    #expect(mkfifo(fixture.path("pipe"), 0o600) == 0)
    let outcome = try await fixture.run("files", "upload", "pipe")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("is not a regular file"))
  }

  @Test(arguments: [
    (status: 401, code: Int32(4)), (status: 403, code: Int32(4)), (status: 413, code: Int32(4)),
    (status: 422, code: Int32(4)),
    (status: 500, code: Int32(5)), (status: 503, code: Int32(5)),
  ])
  func statusesOfTheService(status: Int, code: Int32) async throws {
    let service = try await service(faults: [.failRequest(.listBatches, status: status, times: 3)])
    let outcome = try await service.fixture.run("batches", "list")
    #expect(outcome.status == code, "\(outcome.errors)")
    #expect(outcome.errors.contains("\(status)"))
    #expect(outcome.errors.contains("request id"))
  }

  @Test func aBilling429IsRefusedAtOnce() async throws {
    let service = try await service(faults: [
      .failRequest(.listBatches, status: 429, code: "insufficient_quota", times: 3)
    ])
    #expect(try await service.fixture.run("batches", "list").status == 4)
    #expect(service.simulator.requestCount(of: .listBatches) == 1)
  }

  @Test(arguments: ["curl", "urlsession"])
  func theDemo(transport: String) async throws {
    let fixture = try CommandFixture()
    fixture.environment["OPENAI_API_KEY"] = nil
    let outcome = try await fixture.run("demo", "--rows", "20", "--speed", "20", "--transport", transport)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("20 answered (of 20 rows)"))
    #expect(outcome.lines.count == 4)
  }

  @Test func simulatePrintsItsBaseURLFirst() async throws {
    let fixture = try CommandFixture()
    let running = try fixture.start(["simulate", "--speed", "50"])
    var address = ""
    try await waitUntil {
      address = try String(contentsOf: running.output, encoding: .utf8)
      return address.hasSuffix("/v1\n")
    }
    fixture.environment["OPENAI_BASE_URL"] = address.trimmingCharacters(in: .newlines)
    #expect(try await fixture.run("batches", "list").status == 0)
    running.process.terminate()
    _ = try await running.wait()
  }

  private func ids(_ text: String) -> [String] {
    text.split(separator: "\n").map { ((try? object(String($0)))?["custom_id"] as? String) ?? "?" }
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }
}
#endif
