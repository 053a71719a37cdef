// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchSimulatorServer
import Testing

/// Runs the built command in a folder of its own.
final class CommandFixture {
  let folder: URL
  var environment: [String: String] = ["OPENAI_API_KEY": "sk-canary-4711", "PATH": "/usr/bin:/bin"]

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
    var lines: [Substring] { output.split(separator: "\n") }
  }

  /// The command beside the test bundle.
  static var executable: URL {
    URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(
      "openai-batch")
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// - Parameters:
  ///   - fileBlocks: The longest file that the command may write, in blocks of 512 bytes, as if the disk
  ///     were full then.
  ///   - keepsInputOpen: Whether stdin has no end.
  func start(
    _ arguments: [String], input: String? = nil, after script: String? = nil, keepsInputOpen: Bool = false
  ) throws -> Running {
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = arguments
    if let script {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "\(script); exec \"$0\" \"$@\"", Self.executable.path] + arguments
    }
    // A test run in the background may ignore what the command is to get.
    for number in [SIGINT, SIGHUP] { signal(number, SIG_DFL) }
    process.environment = environment
    process.currentDirectoryURL = folder
    let output = folder.appendingPathComponent("stdout-\(UUID().uuidString)")
    let errors = folder.appendingPathComponent("stderr-\(UUID().uuidString)")
    for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    let pipe = Pipe()
    process.standardInput = pipe
    let (ended, end) = AsyncStream.makeStream(of: Never.self)
    process.terminationHandler = { _ in end.finish() }
    try process.run()
    // One that hangs fails its test, and does not hold up all others.
    DispatchQueue.global().asyncAfter(deadline: .now() + 120) { [weak process] in
      if let process, process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }
    if let input { pipe.fileHandleForWriting.write(Data(input.utf8)) }
    if !keepsInputOpen { try pipe.fileHandleForWriting.close() }
    return Running(fixture: self, process: process, input: pipe, output: output, errors: errors, ended: ended)
  }

  func run(_ arguments: String..., input: String? = nil) async throws -> Outcome {
    try await start(arguments, input: input).wait()
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
  }

  func read(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  /// A command under way. Waiting for it blocks no thread: the simulator of the test needs them.
  struct Running {
    let fixture: CommandFixture
    let process: Process
    let input: Pipe
    let output: URL
    let errors: URL
    let ended: AsyncStream<Never>

    func wait() async throws -> Outcome {
      for await _ in ended {}
      process.waitUntilExit()
      let status =
        process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
      return Outcome(
        status: status, output: try String(contentsOf: output, encoding: .utf8),
        errors: try String(contentsOf: errors, encoding: .utf8))
    }

    /// Sends a signal after a time.
    func kill(_ number: Int32, after seconds: Double) {
      let id = process.processIdentifier
      DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { Foundation.kill(id, number) }
    }
  }

  /// A line of an input file.
  static func row(_ id: String, url: String = "/v1/chat/completions", body: String = "") -> String {
    #"{"custom_id":"\#(id)","method":"POST","url":"\#(url)","body":{"model":"m","messages":[{"role":"user","content":"\#(id)"}]\#(body)}}"#
      + "\n"
  }
}

/// Waits for what no event tells: for a minute at most.
func waitUntil(_ isSo: () throws -> Bool) async throws {
  let end = ContinuousClock.now.advanced(by: .seconds(60))
  while try !isSo() {
    try #require(.now < end)
    await Task.yield()
  }
}
