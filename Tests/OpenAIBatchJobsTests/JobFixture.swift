// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJobs
import OpenAIBatchSimulator
import OpenAIBatchTransport
import Synchronization

/// A job in a folder of its own, against a simulator without a socket that runs a thousand times as fast.
final class JobFixture: Sendable {
  let folder: URL
  let simulator: BatchSimulator
  let client: BatchClient

  convenience init(
    clock: some Clock<Duration> = ContinuousClock(), provider: Provider = .usual,
    _ adjust: (inout BatchSimulator.Configuration) -> Void = { _ in }
  ) throws {
    try self.init(
      clock: clock, through: { provider == .usual ? $0 : OtherWays(service: $0, provider: provider) }, adjust)
  }

  /// - Parameters:
  ///   - clock: What the client waits by.
  ///   - transport: What stands between the client and the simulator.
  init(
    clock: some Clock<Duration>, through transport: (any Transport) -> any Transport,
    _ adjust: (inout BatchSimulator.Configuration) -> Void
  ) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("jobs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var configuration = BatchSimulator.Configuration(speed: 1000, seed: 7)
    adjust(&configuration)
    simulator = BatchSimulator(configuration: configuration)
    client = Self.makeClient(transport(simulator.transport), clock: PolicyClock(clock))
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  static func makeClient(_ simulator: BatchSimulator) -> BatchClient { makeClient(simulator.transport) }

  private static func makeClient(_ transport: any Transport, clock: PolicyClock = .system) -> BatchClient {
    var configuration = BatchClient.Configuration(apiKey: "sk-test")
    configuration.clock = clock
    configuration.retry = RetryPolicy(
      maxAttempts: 3, backoff: .fullJitter(base: .milliseconds(1), cap: .milliseconds(2)))
    return BatchClient(configuration: configuration, transport: transport)
  }

  var input: String { folder.appendingPathComponent("requests.jsonl").path }
  var output: String { folder.appendingPathComponent("answers.jsonl").path }

  func writeInput(rows: Int, model: String = "gpt-5-mini") throws {
    try writeInput((0..<rows).map { ("row-\($0)", nil) }, model: model)
  }

  /// Rows that say what is to become of them.
  func writeInput(_ rows: [(id: String, simulate: String?)], model: String = "gpt-5-mini") throws {
    let lines = rows.map { row in
      let steering = row.simulate.map { #","metadata":{"simulate":"\#($0)"}"# } ?? ""
      return
        #"{"custom_id":"\#(row.id)","method":"POST","url":"/v1/chat/completions","body":{"model":"\#(model)","#
        + #""messages":[{"role":"user","content":"\#(row.id)?"}]\#(steering)}}"# + "\n"
    }
    try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: input))
  }

  func job(_ adjust: (inout BatchJob.Options) -> Void = { _ in }) -> BatchJob {
    job(to: .file(output), adjust)
  }

  func job(
    to output: BatchJob.Output, _ adjust: (inout BatchJob.Options) -> Void = { _ in }
  ) -> BatchJob {
    var options = BatchJob.Options()
    options.polling = .every(.milliseconds(10))
    adjust(&options)
    return BatchJob(input: input, output: output, client: client, options: options)
  }

  /// The `custom_id`s of the output, in order.
  func outputIDs() throws -> [String] {
    try outputObjects().map { $0["custom_id"] as? String ?? "?" }
  }

  func outputObjects() throws -> [[String: Any]] {
    try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").map { line in
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    }
  }

  /// Another batch with the mark of this one.
  func createTwin(of batch: Batch) async throws -> Batch {
    let mark = batch.metadata?[BatchKey.metadataKey] ?? ""
    let request = CreateBatchRequest(
      inputFileID: batch.inputFileID, endpoint: batch.endpoint, metadata: [BatchKey.metadataKey: mark])
    return try await client.createBatch(request, key: .unguarded)
  }

  func allBatches() async throws -> [Batch] {
    var batches: [Batch] = []
    for try await batch in client.batches() { batches.append(batch) }
    return batches
  }
}

/// What a provider does otherwise.
enum Provider: Sendable {
  case usual
  case keepsNoMetadata
  /// Keeps no metadata, and lists the oldest file first: one without a time.
  case listsOldFilesFirst
  /// Lists in pages of one, whatever it is asked for, and does not say whether there are more.
  case listsInShortPages
  /// The same, of files too, and keeps no metadata.
  case listsFilesInShortPages
  /// Lists all at once, whatever the cursor, and does not say that it does.
  case listsWithoutCursor
}

/// A provider of its own ways.
private struct OtherWays: Transport {
  let service: any Transport
  let provider: Provider

  func send(_ original: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    var request = original
    if let path = request.head.path {
      switch provider {
      case .listsInShortPages: request.head.path = path.replacing(/limit=100\b/, with: "limit=1")
      case .listsFilesInShortPages:
        request.head.path = path.replacing(/limit=100\b|limit=1000/, with: "limit=1")
      case .listsWithoutCursor where path.contains("/batches?"):
        request.head.path = path.replacing(/after=[^&]*&?/, with: "")
      default: break
      }
    }
    let response = try await service.send(request)
    let listsFiles = request.head.path?.contains("/files?") == true
    guard listsFiles || request.head.path?.contains("/batches") == true else { return response }
    let head = response.head
    var text = String(decoding: try await response.collect(upTo: 1 << 20), as: UTF8.self)
    if listsFiles, provider == .listsOldFilesFirst {
      let old = #"{"id":"file-old","object":"file","bytes":1,"filename":"old.jsonl","purpose":"batch"}"#
      text.replace(/"data":\s*\[(\s*\{)?/) { "\"data\":[\(old)\($0.1 == nil ? "" : ",{")" }
    }
    if !listsFiles, [.keepsNoMetadata, .listsOldFilesFirst, .listsFilesInShortPages].contains(provider) {
      text.replace(/"metadata":\s*\{[^}]*\}/, with: "\"metadata\":null")
    }
    if [.listsInShortPages, .listsWithoutCursor, .listsFilesInShortPages].contains(provider) {
      text.replace(/"has_more":\s*[a-z]*/, with: "\"x\":0")
    }
    var fields = head.headerFields
    fields[.contentLength] = nil
    return TransportResponse(
      head: HTTPResponse(status: head.status, headerFields: fields),
      body: ResponseBody(bytes: Array(text.utf8)))
  }
}

/// What a job said.
final class EventLog: Sendable {
  private let names = Mutex<[String]>([])
  var all: [String] { names.withLock { $0 } }

  func add(_ event: JobEvent) {
    let name =
      switch event {
      case .checked: "checked"
      case .answersGone: "answersGone"
      case .cancelled: "cancelled"
      case .adopted: "adopted"
      case .uploading: "uploading"
      case .uploaded: "uploaded"
      case .created: "created"
      case .update: "update"
      case .fetching: "fetching"
      case .finished: "finished"
      }
    names.withLock { names in
      if names.last != name { names.append(name) }
    }
  }
}
