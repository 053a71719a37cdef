// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
import Foundation
import OpenAIBatchConformance
import OpenAIBatchSimulatorServer
import Testing

private let content = (0..<100_000).map { "line \($0)\n" }.joined()

/// A server of one file that stops after some bytes of its first download, tells so, and waits.
private func serve(
  stoppingAfter bytes: Int?, _ stopped: AsyncStream<Never>.Continuation
) throws -> LoopbackServer {
  try LoopbackServer { connection in
    while let request = connection.readRequest() {
      guard request.target.hasSuffix("/content") else {
        let file = #"{"id":"file-1","object":"file","bytes":\#(content.utf8.count),"purpose":"batch_output"}"#
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(file.utf8.count)\r\n\r\n\(file)")
        continue
      }
      if let bytes {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(content.utf8.count)\r\n\r\n")
        connection.send(Array(content.utf8.prefix(bytes)))
      }
      stopped.finish()
      connection.waitForPeerToClose()
    }
  }
}

/// The commands around files.
@Suite(.serialized)
struct FilesTests {
  /// A service whose batches end at once, in real time: files have an age that the command can judge.
  private func service() async throws -> (BatchSimulator, SimulatorServer, CommandFixture) {
    let simulator = BatchSimulator(
      configuration: .init(
        timings: .init(validating: .zero, inProgress: .zero, finalizing: .zero, cancelling: .zero)))
    let server = try await simulator.serve(port: 0)
    let fixture = try CommandFixture()
    fixture.environment["OPENAI_BASE_URL"] = server.baseURL
    return (simulator, server, fixture)
  }

  @Test(arguments: ["curl", "urlsession"])
  func aFileTravelsInParts(transport: String) async throws {
    let (simulator, server, fixture) = try await service()
    defer { withExtendedLifetime(server) {} }
    try fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    let upload = try await fixture.run(
      "files", "upload", "in.jsonl", "--in-parts", "--name", "mine", "--transport", transport)
    #expect(upload.status == 0, "\(upload.errors)")
    #expect(upload.output.contains(#""filename":"mine.jsonl""#))
    #expect(simulator.requestCount(of: .completeUpload) == 1)
    #expect(simulator.requestCount(of: .uploadFile) == 0)
  }

  @Test func whatNobodyNeedsIsDeleted() async throws {
    let (simulator, server, fixture) = try await service()
    defer { withExtendedLifetime(server) {} }
    try fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    let run = try await fixture.run("run", "in.jsonl", "-o", "out.jsonl", "--poll", "20ms")
    #expect(run.status == 0, "\(run.errors)")

    let young = try await fixture.run("files", "gc")
    #expect(young.status == 0 && young.output.isEmpty && young.errors.contains("0 files"))
    let unasked = try await fixture.run("files", "gc", "--older-than", "0s")
    #expect(unasked.status == 2 && unasked.errors.contains("--yes"))
    let dry = try await fixture.run("files", "gc", "--older-than", "0s", "--dry-run")
    #expect(dry.status == 0 && dry.lines.count == 1 && dry.output.contains(#""reason":"input""#))
    #expect(simulator.requestCount(of: .deleteFile) == 0)
    let deleted = try await fixture.run("files", "gc", "--older-than", "0s", "--yes")
    #expect(deleted.status == 0 && deleted.lines.count == 1)
    #expect(deleted.errors.contains("1 file deleted"))
    let results = try await fixture.run(
      "files", "gc", "--older-than", "0s", "--collected", "--yes", "--format", "text")
    #expect(results.lines.count == 1 && results.output.hasPrefix("result "))
    #expect(try await fixture.run("files", "list").output.isEmpty)
  }

  @Test func aRefusedDeletionIsFour() async throws {
    let (simulator, server, fixture) = try await service()
    defer { withExtendedLifetime(server) {} }
    try fixture.write(CommandFixture.row("a"), to: "in.jsonl")
    _ = try await fixture.run("files", "upload", "in.jsonl")
    simulator.inject(.failRequest(.deleteFile, status: 409))
    let outcome = try await fixture.run("files", "gc", "--older-than", "0s", "--unused", "--yes")
    #expect(outcome.status == 4 && outcome.errors.contains("Not deleted: 1 file."))
  }

  /// `nil`: killed before the head of the response.
  @Test(arguments: [nil, 0, 1, 300_000, 900_000, content.utf8.count - 1], ["curl", "urlsession"])
  func killedInADownload(after bytes: Int?, transport: String) async throws {
    let fixture = try CommandFixture()
    let command = ["files", "content", "file-1", "-o", "out", "--overwrite", "--transport", transport]
    try fixture.write("the old one", to: "out")
    let (stopped, stop) = AsyncStream.makeStream(of: Never.self)
    let stalling = try serve(stoppingAfter: bytes, stop)
    defer { stalling.stop() }
    fixture.environment["OPENAI_BASE_URL"] = "http://127.0.0.1:\(stalling.port)/v1"
    let running = try fixture.start(command)
    for await _ in stopped {}
    kill(running.process.processIdentifier, SIGKILL)
    #expect(try await running.wait().status == -SIGKILL)
    #expect(try fixture.read("out") == "the old one")

    let server = try LoopbackServer.answering { request in
      .json(
        request.target.hasSuffix("/content")
          ? content : #"{"id":"file-1","bytes":\#(content.utf8.count)}"#)
    }
    defer { server.stop() }
    fixture.environment["OPENAI_BASE_URL"] = "http://127.0.0.1:\(server.port)/v1"
    let outcome = try await fixture.start(command).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try fixture.read("out") == content)
    #expect(!FileManager.default.fileExists(atPath: fixture.path("out.partial")))
  }

  @Test(arguments: ["files", "run"])
  func aFullDiskIsEight(command: String) async throws {
    let (_, server, fixture) = try await service()
    defer { withExtendedLifetime(server) {} }
    try fixture.write((0..<500).map { CommandFixture.row("row-\($0)") }.joined(), to: "in.jsonl")
    let arguments: [String]
    if command == "files" {
      let upload = try await fixture.run("files", "upload", "in.jsonl", "--format", "text")
      arguments = ["files", "content", String(upload.output.prefix { $0 != " " }), "-o", "out"]
    } else {
      arguments = ["run", "in.jsonl", "-o", "out", "--poll", "20ms"]
    }
    let outcome = try await fixture.start(arguments, after: "ulimit -f 40").wait()
    #expect(outcome.status == 8, "\(outcome.errors)")
    #expect(outcome.errors.contains(": cannot write: File too large"), "\(outcome.errors)")
    for name in ["out", "out.partial"] {
      #expect(!FileManager.default.fileExists(atPath: fixture.path(name)))
    }
  }
}
#endif
