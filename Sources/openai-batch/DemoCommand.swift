// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
internal import ArgumentParser
internal import OpenAIBatchJobs
internal import OpenAIBatchSimulatorServer
internal import Synchronization

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The main job without a key or a network.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Runs the main job against a simulator in this process, over a real socket.",
    discussion: "Needs no key and no network.")

  @Option(help: "How many requests to make: 1 to 50,000.")
  var rows = 200

  @Option(help: "How many times as fast as usual the batch runs.")
  var speed = 1.0

  @OptionGroup var carrier: TransportOptions

  func validate() throws {
    guard 1...50_000 ~= rows else { throw ValidationError("--rows is \(rows); it must be 1…50000.") }
    guard speed > 0, speed.isFinite else { throw ValidationError("--speed must be more than 0.") }
  }

  func run() async throws {
    // Cancelled rather than ended, so that the demo's files are removed.
    let work = Task { try await perform() }
    let end = Mutex<ExitStatus?>(nil)
    Signals.onFirst { status in
      end.withLock { $0 = status }
      work.cancel()
    }
    do {
      try await work.value
    } catch {
      throw end.withLock { $0 }.map { ExitStatus.Exit(status: $0) } ?? error
    }
  }

  private func perform() async throws {
    let simulator = BatchSimulator(configuration: BatchSimulator.Configuration(speed: speed))
    let server = try await simulator.serve(port: 0)
    do {
      try await perform(at: server)
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }

  private func perform(at server: SimulatorServer) async throws {
    // A proxy of the environment would be asked for this machine, too.
    setenv("no_proxy", "127.0.0.1", 1)
    let client = carrier.makeClient(.init(apiKey: "sk-demo", baseURL: server.baseURL))
    carrier.say("A simulator of the service listens on \(server.baseURL); nothing leaves this machine.")

    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "openai-batch-demo-\(UInt32.random(in: .min ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent("requests.jsonl").path
    try writeRequests(to: input)

    let progress = ProgressView(isQuiet: carrier.quiet)
    let output = folder.appendingPathComponent("answers.jsonl").path
    var options = BatchJob.Options()
    options.polling = .every(.milliseconds(100))
    options.metadata = ["team": "demo"]
    let job = BatchJob(input: input, output: .file(output), client: client, options: options)
    let report = try await job.run { event in
      switch event {
      case .checked(let file): carrier.say("1. Checked \(file.rows) requests for \(file.model ?? "").")
      case .answersGone, .cancelled, .adopted, .uploading: break
      case .uploaded(let file):
        carrier.say("2. Uploaded them as \(file.id) over \(carrier.transport.rawValue).")
      case .created(let batch): carrier.say("3. Created batch \(batch.id); watching it.")
      case .update(let update): progress.show(update)
      case .fetching(let batch):
        progress.finish()
        carrier.say("4. The batch ended \(batch.status); fetching both result files.")
      case .finished(let report): carrier.say("5. " + JobText.summary(report, output: "-"))
      }
    }
    carrier.say("\nThe first answers, in input order:")
    let answers = try String(contentsOfFile: output, encoding: .utf8)
    for line in answers.split(separator: "\n").prefix(3) { try Console.write("\(line)\n") }
    carrier.say("\nAll batches, with `for try await batch in client.batches()`:")
    for try await batch in client.batches() { try Console.write(BatchText.line(batch) + "\n") }
    if !report.isComplete { throw ExitStatus.Exit(status: .incomplete) }
  }

  private func writeRequests(to path: String) throws {
    struct Prompt: Encodable {
      struct Message: Encodable {
        let role: String
        let content: String
      }
      let model = "gpt-5-mini"
      let messages: [Message]
    }
    let topics = ["a lighthouse", "the tide", "a paper map", "a night train", "an old radio"]
    let file = try OutputFile(replacing: path)
    for number in 1...rows {
      let text = "Say one sentence about \(topics[number % topics.count])."
      let row = BatchRequest(
        customID: "row-\(number)", endpoint: .chatCompletions,
        body: Prompt(messages: [.init(role: "user", content: text)]))
      try file.write(try row.line()[...])
    }
    try file.commit(isDurable: false, replacing: true)
  }
}
#endif
