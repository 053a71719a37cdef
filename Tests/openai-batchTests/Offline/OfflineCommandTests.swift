// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import Testing

/// The commands that need no key and no network.
struct OfflineCommandTests {
  private let fixture: CommandFixture

  init() throws {
    fixture = try CommandFixture()
    fixture.environment["OPENAI_API_KEY"] = nil
    fixture.environment["TMPDIR"] = fixture.path("tmp")
    try FileManager.default.createDirectory(atPath: fixture.path("tmp"), withIntermediateDirectories: true)
  }

  private func row(_ id: String, model: String = "m") -> String {
    CommandFixture.row(id).replacingOccurrences(of: "\"model\":\"m\"", with: "\"model\":\"\(model)\"")
  }

  private func objects(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func ids(_ text: String) throws -> [String] {
    try objects(text).map { $0["custom_id"] as? String ?? "?" }
  }

  // MARK: lint

  @Test func lintTakesAGoodFile() async throws {
    try fixture.write(row("a") + row("b"), to: "in.jsonl")
    let outcome = try await fixture.run("lint", "in.jsonl")
    #expect(outcome.status == 0 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("in.jsonl: 2 rows") && outcome.errors.contains("no problems"))
    #expect(try await fixture.run("lint", "in.jsonl", "-q").errors.isEmpty)
  }

  @Test func lintListsAllProblems() async throws {
    try fixture.write(String(repeating: "{\n", count: 300) + row("a") + row("a"), to: "in.jsonl")
    let text = try await fixture.run("lint", "in.jsonl", "--format", "text")
    #expect(text.status == 2)
    #expect(text.lines.count == 301)
    #expect(text.lines.first?.hasPrefix("in.jsonl:1: invalid_json_line: ") == true)
    #expect(text.errors.contains("301 problems"))
    let json = try objects(try await fixture.run("lint", "in.jsonl").output)
    #expect(json.last?["line"] as? Int == 302 && json.last?["earlier_line"] as? Int == 301)
    #expect(json.last?["code"] as? String == "duplicate_custom_id")
  }

  @Test func lintReadsStdinAndLeavesNothing() async throws {
    let outcome = try await fixture.run(
      "lint", "-", "--format", "text", input: row("a") + row("b", model: "n"))
    #expect(outcome.status == 2)
    #expect(outcome.output.hasPrefix("stdin:2: mismatched_model: "))
    #expect(outcome.errors.contains("openai-batch split - -o requests"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path("tmp")).isEmpty)
  }

  @Test func aSignalWhileStdinIsReadLeavesNothing() async throws {
    let running = try fixture.start(["lint", "-"], keepsInputOpen: true)
    try await waitUntil {
      try #require(running.process.isRunning)
      return try !FileManager.default.contentsOfDirectory(atPath: fixture.path("tmp")).isEmpty
    }
    running.kill(SIGTERM, after: 0)
    #expect(try await running.wait().status == 143)
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path("tmp")).isEmpty)
  }

  @Test(arguments: [["run", "-", "-o", "out.jsonl"], ["merge", "in.jsonl", "-", "-o", "out.jsonl"]])
  func aSignalLeavesThePartialOfAnother(arguments: [String]) async throws {
    try fixture.write(row("a"), to: "in.jsonl")
    try fixture.write("another's", to: "out.jsonl.partial")
    let running = try fixture.start(arguments, keepsInputOpen: true)
    try await waitUntil {
      try #require(running.process.isRunning)
      return try !FileManager.default.contentsOfDirectory(atPath: fixture.path("tmp")).isEmpty
    }
    running.kill(SIGINT, after: 0)
    #expect(try await running.wait().status == 130)
    #expect(try fixture.read("out.jsonl.partial") == "another's")
  }

  @Test func lintKeepsOtherLimits() async throws {
    try fixture.write(row("a") + row("b"), to: "in.jsonl")
    #expect(try await fixture.run("lint", "in.jsonl", "--rows", "1").status == 2)
    #expect(try await fixture.run("lint", "in.jsonl", "--bytes", "100").status == 2)
    #expect(try await fixture.run("lint", "in.jsonl", "--endpoint", "/v1/responses").status == 2)
  }

  @Test(arguments: ["lint", "stats", "sample", "merge", "prepare"])
  func aMissingInputIsUsage(command: String) async throws {
    let more = ["sample": ["-n", "1"], "prepare": ["--model", "m"]][command] ?? []
    let outcome = try await fixture.start([command, "none.jsonl"] + more).wait()
    #expect(outcome.status == 2 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("none.jsonl: cannot open"))
  }

  // MARK: stats, split

  @Test func statsCounts() async throws {
    let rows = (0..<5).map { row("a\($0)") } + [row("b", model: "n")]
    try fixture.write(rows.joined(), to: "in.jsonl")
    let outcome = try await fixture.run("stats", "in.jsonl", "--rows", "2")
    #expect(outcome.status == 0)
    let stats = try #require(try objects(outcome.output).first)
    #expect(stats["rows"] as? Int == 6 && stats["batches"] as? Int == 4 && stats["problems"] as? Int == 0)
    #expect(stats["bytes"] as? Int == rows.joined().utf8.count)
    #expect(stats["longest_row"] as? Int == rows[0].utf8.count)
    let groups = try #require(stats["groups"] as? [[String: Any]])
    #expect(groups.map { $0["model"] as? String } == ["m", "n"])
    #expect(groups.map { $0["rows"] as? Int } == [5, 1])
    let text = try await fixture.run("stats", "in.jsonl", "--format", "text").output
    #expect(text.contains("/v1/chat/completions  m: 5 rows"))
  }

  @Test func statsSaysThatRowsAreLeftOut() async throws {
    try fixture.write(row("a") + "{\n", to: "in.jsonl")
    let outcome = try await fixture.run("stats", "in.jsonl")
    #expect(outcome.status == 2)
    #expect(try objects(outcome.output).first?["problems"] as? Int == 1)
    #expect(outcome.errors.contains("openai-batch lint in.jsonl"))
  }

  @Test func splitAndMergeGiveTheSameRows() async throws {
    let rows = (0..<11).map { row("r\($0)", model: $0 % 3 == 0 ? "n" : "m") }
    try fixture.write(rows.joined(), to: "in.jsonl")
    let split = try await fixture.run("split", "in.jsonl", "--rows", "3", "-o", "part")
    #expect(split.status == 0)
    let parts = try objects(split.output)
    let names = parts.compactMap { $0["file"] as? String }
    #expect(names == (1...5).map { "part-00\($0).jsonl" })
    #expect(parts.compactMap { $0["rows"] as? Int }.reduce(0, +) == 11)
    for name in names { #expect(try await fixture.run("lint", name, "--rows", "3").status == 0) }
    let merge = try await fixture.start(["merge"] + names + ["-o", "all.jsonl"]).wait()
    #expect(merge.status == 0, "\(merge.errors)")
    #expect(try Set(ids(fixture.read("all.jsonl"))) == Set((0..<11).map { "r\($0)" }))
    let again = try await fixture.run("split", "in.jsonl", "--rows", "3", "-o", "part", "-q", "--overwrite")
    #expect(again.output == split.output && again.errors.isEmpty)
    // A shorter split would leave the last ones of this behind.
    let shorter = try await fixture.run("split", "in.jsonl", "-o", "part")
    #expect(shorter.status == 8 && shorter.errors.contains("part-003.jsonl"))
  }

  @Test(arguments: [[], ["--overwrite"]])
  func splitDoesNotTouchItsInput(more: [String]) async throws {
    let rows = row("a") + row("b")
    try fixture.write(rows, to: "in-001.jsonl")
    let outcome = try await fixture.start(["split", "in-001.jsonl", "--rows", "1", "-o", "in"] + more).wait()
    #expect(outcome.status == 8 && outcome.errors.contains("the input itself"))
    #expect(try fixture.read("in-001.jsonl") == rows)
    #expect(!FileManager.default.fileExists(atPath: fixture.path("in-002.jsonl")))
  }

  /// As `lint <(zcat in.jsonl.gz)` in a shell.
  @Test func aPipeIsReadLikeStandardInput() async throws {
    let pipe = fixture.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let lint = try fixture.start(["lint", "pipe"])
    try fixture.write(row("a") + row("a"), to: "in.jsonl")
    let writer = try FileHandle(forWritingTo: URL(fileURLWithPath: pipe))
    try writer.write(contentsOf: Data(fixture.read("in.jsonl").utf8))
    try writer.close()
    let outcome = try await lint.wait()
    #expect(outcome.status == 2)
    #expect(try objects(outcome.output).first?["file"] as? String == "pipe")
  }

  @Test(arguments: ["lint", "stats"])
  func whatIsSaidOfAFileDoesNotReplaceIt(command: String) async throws {
    try fixture.write(row("a"), to: "in.jsonl")
    let onto = try await fixture.run(command, "in.jsonl", "-o", "in.jsonl", "--overwrite")
    #expect(onto.status == 8 && onto.errors.contains("in.jsonl is an input itself"))
    #expect(try fixture.read("in.jsonl") == row("a"))
    try fixture.write("precious", to: "out")
    #expect(try await fixture.run(command, "in.jsonl", "-o", "out").status == 8)
    #expect(try fixture.read("out") == "precious")
    #expect(try await fixture.run(command, "in.jsonl", "-o", "out", "--overwrite").status == 0)
  }

  static let writers = [
    ["sample", "in.jsonl", "-n", "1"], ["merge", "in.jsonl"],
    ["prepare", "in.jsonl", "--model", "m", "--template", "{custom_id}"],
  ]

  @Test(arguments: writers)
  func anOutputIsReplacedOnlyWhenAskedAndAnInputNever(command: [String]) async throws {
    try fixture.write(row("a"), to: "in.jsonl")
    try fixture.write("precious", to: "out.jsonl")
    for more in [[], ["--overwrite"]] {
      let onto = try await fixture.start(command + ["-o", "in.jsonl"] + more).wait()
      #expect(onto.status == 8 && onto.errors.contains("in.jsonl is an input itself"), "\(onto.errors)")
      #expect(try fixture.read("in.jsonl") == row("a"))
    }
    let refused = try await fixture.start(command + ["-o", "out.jsonl"]).wait()
    #expect(refused.status == 8 && refused.errors.contains("--overwrite"), "\(refused.errors)")
    #expect(try fixture.read("out.jsonl") == "precious")
    let done = try await fixture.start(command + ["-o", "out.jsonl", "--overwrite"]).wait()
    #expect(done.status == 0, "\(done.errors)")
    #expect(try ids(fixture.read("out.jsonl")).count == 1)
  }

  @Test func splitReplacesOnlyWhenAsked() async throws {
    try fixture.write(row("a") + row("b"), to: "in.jsonl")
    try fixture.write("precious", to: "part-002.jsonl")
    let refused = try await fixture.run("split", "in.jsonl", "--rows", "1", "-o", "part")
    #expect(refused.status == 8 && refused.errors.contains("part-002.jsonl is there already"))
    #expect(try fixture.read("part-002.jsonl") == "precious")
    #expect(!FileManager.default.fileExists(atPath: fixture.path("part-001.jsonl")))
    let done = try await fixture.run("split", "in.jsonl", "--rows", "1", "-o", "part", "--overwrite")
    #expect(done.status == 0)
    #expect(try fixture.read("part-002.jsonl") == row("b"))
  }

  /// The second file does not fit on the disk: the first does not appear, and an older one stays.
  @Test func splitWritesAllOrNothing() async throws {
    let long = row(String(repeating: "x", count: 8000))
    try fixture.write(row("a") + long, to: "in.jsonl")
    try fixture.write("old", to: "part-001.jsonl")
    let arguments = ["split", "in.jsonl", "--rows", "1", "-o", "part", "--overwrite"]
    let outcome = try await fixture.start(arguments, after: "ulimit -f 8").wait()
    #expect(outcome.status == 8, "\(outcome.errors)")
    #expect(try fixture.read("part-001.jsonl") == "old")
    let names = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path)
    #expect(Set(names.filter { $0.hasPrefix("part") }) == ["part-001.jsonl"])
  }

  /// More than a process may have open by default.
  @Test func splitIntoManyFiles() async throws {
    try fixture.write((0..<1100).map { row("r\($0)") }.joined(), to: "in.jsonl")
    let outcome = try await fixture.run("split", "in.jsonl", "--rows", "1", "-o", "part")
    #expect(outcome.status == 0 && outcome.lines.count == 1100, "\(outcome.errors)")
  }

  @Test func splitRefusesProblemsAndWritesNothing() async throws {
    try fixture.write(row("a") + row("a"), to: "in.jsonl")
    let outcome = try await fixture.run("split", "in.jsonl", "-o", "part")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("in.jsonl:2: duplicate_custom_id"))
    #expect(!FileManager.default.fileExists(atPath: fixture.path("part-001.jsonl")))
    try fixture.write(row("a"), to: "in.jsonl")
    #expect(try await fixture.run("split", "in.jsonl", "-o", "no/such/part").status == 8)
  }

  @Test func runSaysHowToSplit() async throws {
    try fixture.write(row("a") + row("b", model: "n"), to: "my file.jsonl")
    let outcome = try await fixture.run("run", "my file.jsonl")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("openai-batch split 'my file.jsonl' -o 'my file'"))
    try fixture.write("{\n", to: "bad.jsonl")
    #expect(try await !fixture.run("run", "bad.jsonl").errors.contains("split"))
  }

  // MARK: merge

  @Test func mergeDropsWhatIsNoRow() async throws {
    try fixture.write("\u{FEFF}" + row("a").dropLast() + "\r\n\n", to: "one.jsonl")
    try fixture.write("\n" + row("b").dropLast(), to: "two.jsonl")
    let outcome = try await fixture.run("merge", "one.jsonl", "-", "two.jsonl", input: row("c"))
    #expect(outcome.status == 0)
    #expect(outcome.output == row("a") + row("c") + row("b"))
    #expect(outcome.errors.contains("3 rows") && outcome.errors.contains("of 3 files"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path("tmp")).isEmpty)
  }

  @Test func mergeNamesBothPlacesOfAnID() async throws {
    try fixture.write("\n\n" + row("a") + "\n" + row("b"), to: "one.jsonl")
    try fixture.write(row("c") + "\n" + row("b") + row("a"), to: "two.jsonl")
    let outcome = try await fixture.run("merge", "one.jsonl", "two.jsonl", "-o", "all.jsonl")
    #expect(outcome.status == 2)
    #expect(
      outcome.errors.contains(
        "two.jsonl:3: duplicate_custom_id: the custom_id is used already in one.jsonl:5"))
    #expect(
      outcome.errors.contains(
        "two.jsonl:4: duplicate_custom_id: the custom_id is used already in one.jsonl:3"))
    #expect(!FileManager.default.fileExists(atPath: fixture.path("all.jsonl")))
    #expect(!FileManager.default.fileExists(atPath: fixture.path("all.jsonl.partial")))
    #expect(try await fixture.run("merge", "-", "-").status == 2)
  }

  @Test func mergeOfAFileWithItself() async throws {
    try fixture.write((0..<300).map { row("r\($0)") }.joined(), to: "one.jsonl")
    let outcome = try await fixture.run("merge", "one.jsonl", "one.jsonl")
    #expect(outcome.status == 2 && outcome.output.isEmpty)
    #expect(
      outcome.errors.contains(
        "one.jsonl:20: duplicate_custom_id: the custom_id is used already in one.jsonl:20"))
    #expect(outcome.errors.contains("and 280 more"))
    // Those that are only counted do not name their lines; lint names all.
    let lint = try await fixture.run(
      "lint", "-", input: fixture.read("one.jsonl") + fixture.read("one.jsonl"))
    #expect(try objects(lint.output).compactMap { $0["earlier_line"] as? Int } == Array(1...300))
  }

  // MARK: sample

  @Test func sampleCopiesLongLines() async throws {
    let long = "\"" + String(repeating: "x", count: 17 << 20) + "\""
    try fixture.write("1\n\(long)\n2", to: "in.jsonl")
    let outcome = try await fixture.run("sample", "in.jsonl", "-n", "3", "-o", "out.jsonl")
    #expect(outcome.status == 0)
    #expect(try fixture.read("out.jsonl") == "1\n\(long)\n2\n")
  }

  @Test func sampleIsTheSameForASeed() async throws {
    try fixture.write((0..<100).map { row("r\($0)") }.joined().dropLast() + "", to: "in.jsonl")
    let first = try await fixture.run("sample", "in.jsonl", "-n", "10", "--seed", "7")
    #expect(first.status == 0 && first.lines.count == 10)
    #expect(first.output == (try await fixture.run("sample", "in.jsonl", "-n", "10", "--seed", "7")).output)
    #expect(first.output != (try await fixture.run("sample", "in.jsonl", "-n", "10", "--seed", "8")).output)
    let all = try await fixture.run("sample", "-", "-n", "1000", input: fixture.read("in.jsonl"))
    #expect(all.output == (try fixture.read("in.jsonl")) + "\n")
    #expect(all.errors.contains("100 of 100 rows, seed "))
    #expect(try await fixture.run("sample", "in.jsonl", "-n", "0").status == 2)
  }
}
