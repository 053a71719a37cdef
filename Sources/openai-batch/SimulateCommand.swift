// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
internal import ArgumentParser
internal import OpenAIBatchJobs
internal import OpenAIBatchSimulatorServer

/// The service in a box.
struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Serves the Batch and Files API on 127.0.0.1, for tests of any client.",
    discussion: """
      Prints the base URL on the first line of stdout. Any key is accepted. A row says in its body what \
      becomes of it: "metadata": {"simulate": "fail:429"}, or drop, duplicate, expire, timeout. Ends with Ctrl-C.
      """)

  @Option(help: "The port; 0 takes a free one.")
  var port = 0

  @Option(help: "How many times as fast as usual a batch runs.")
  var speed = 1.0

  func validate() throws {
    guard 0...65_535 ~= port else { throw ValidationError("--port is \(port); it must be 0…65535.") }
    guard speed > 0, speed.isFinite else { throw ValidationError("--speed must be more than 0.") }
  }

  func run() async throws {
    let simulator = BatchSimulator(configuration: BatchSimulator.Configuration(speed: speed))
    let server: SimulatorServer
    do {
      server = try await simulator.serve(port: port)
    } catch {
      throw CommandProblem(
        status: .local,
        message: "cannot listen on 127.0.0.1:\(port): \(error). Choose another --port, or 0 for a free one.")
    }
    try Console.write(server.baseURL + "\n")
    Console.message(
      "Serving; Ctrl-C ends. Try: OPENAI_API_KEY=any OPENAI_BASE_URL=\(server.baseURL) openai-batch batches list"
    )
    // Ended in order, so that the simulator removes its files.
    Signals.onFirst { _ in Task { await server.stop() } }
    await server.waitUntilStopped()
  }
}
#endif
