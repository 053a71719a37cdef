// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchSimulator
import Synchronization
import Testing

/// 3.5 MiB whose every part differs from every other.
private let content = Array("{".utf8) + (0..<(7 << 19) - 1).map { UInt8(truncatingIfNeeded: $0 >> 12) }
private let method = UploadMethod.parts(ofLength: 1 << 20, atOnce: 2)

/// How many requests of an operation are under way.
private final class Gauge: Middleware {
  private let state = Mutex((now: 0, most: 0))
  var most: Int { state.withLock { $0.most } }

  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    guard context.operation == "addUploadPart" else { return try await next(request, context) }
    state.withLock { state in
      state.now += 1
      state.most = max(state.most, state.now)
    }
    defer { state.withLock { $0.now -= 1 } }
    return try await next(request, context)
  }
}

@Suite struct UploadPartsTests {
  private let clock = VirtualClock()
  private let simulator: BatchSimulator
  private let client: BatchClient
  private let gauge = Gauge()
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    simulator = BatchSimulator(
      configuration: .init(clock: clock, startTime: Date(timeIntervalSince1970: testEpoch)))
    let gauge = gauge
    client = .test(simulator.transport, clock: clock) { configuration in
      configuration.middleware.append(gauge, at: .perAttempt)
      configuration.uploadLimits.request = 3 << 20
    }
    folder = try TemporaryFolder()
    path = try folder.write(content, to: "big.jsonl")
  }

  private func download(_ file: FileObject) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await chunk in client.content(of: file.id) { bytes += chunk }
    return bytes
  }

  @Test func sendsAFileInParts() async throws {
    let file = try await client.uploadFile(
      at: path, named: "mine", expiresAfter: FileExpiration(seconds: 3600), method: method)
    #expect(file.filename == "mine.jsonl" && file.purpose == .batch && file.bytes == content.count)
    #expect(file.expiresAt == file.createdAt.addingTimeInterval(3600))
    #expect(try await download(file) == content)
    #expect(simulator.requestCount(of: .addUploadPart) == 4)
    #expect(simulator.requestCount(of: .uploadFile) == 0)
    #expect(gauge.most == 2)
  }

  @Test func sendsBytesInParts() async throws {
    let file = try await client.uploadFile(content, named: "a", purpose: .userData, method: method)
    #expect(file.filename == "a")
    #expect(try await download(file) == content)
  }

  @Test func takesPartsForWhatOneRequestCannotTake() async throws {
    _ = try await client.uploadFile(at: path)
    #expect(simulator.requestCount(of: .addUploadPart) == 1, "it fits into one of 64 MB")
    _ = try await client.uploadFile("{}".utf8, named: "a")
    #expect(simulator.requestCount(of: .uploadFile) == 1)
    #expect(simulator.requestCount(of: .createUpload) == 1)
  }

  @Test func tellsHowFarItIs() async throws {
    let seen = Mutex<[TransferProgress]>([])
    _ = try await client.uploadFile(
      at: path, method: method, progress: { now in seen.withLock { $0.append(now) } })
    let bytes = seen.withLock { $0.map(\.bytes) }
    #expect(bytes == bytes.sorted() && bytes.last == content.count)
    #expect(seen.withLock { $0.allSatisfy { $0.total == content.count } })
  }

  @Test(arguments: [
    BatchSimulator.Fault.loseResponse(of: .createUpload), .loseResponse(of: .addUploadPart, times: 2),
    .failRequest(.addUploadPart, status: 503, times: 2),
    .failRequest(.completeUpload, status: 500),
  ])
  func survives(fault: BatchSimulator.Fault) async throws {
    simulator.inject(fault)
    let file = try await client.uploadFile(at: path, method: method)
    #expect(try await download(file) == content)
    #expect(try await client.listFiles().data.map(\.id) == [file.id])
    #expect(simulator.requestCount(of: .cancelUpload) == 0)
  }

  @Test(arguments: [BatchSimulator.Operation.addUploadPart, .completeUpload])
  func cancelsWhatComesToNothing(operation: BatchSimulator.Operation) async throws {
    simulator.inject(.failRequest(operation, status: 400, code: "no"))
    let error = try await failure { try await client.uploadFile(at: path, method: method) }
    #expect(error.kind == .rejected && error.operation == operation.rawValue)
    #expect(simulator.requestCount(of: .cancelUpload) == 1)
    #expect(try await client.listFiles().data.isEmpty)
  }

  @Test func cancelsWhenItIsCancelled() async throws {
    let held = VirtualClock(isHeld: true)
    let simulator = BatchSimulator(configuration: .init(clock: held))
    simulator.inject(.delay(.addUploadPart, by: .seconds(60), times: 4))
    let client = BatchClient.test(simulator.transport)
    let path = path
    let upload = Task { try await failure { try await client.uploadFile(at: path, method: method) } }
    await held.waitForSleeper()
    upload.cancel()
    #expect(try await upload.value.isCancellation)
    #expect(simulator.requestCount(of: .cancelUpload) == 1)
  }

  @Test func findsItsFileByItsRandomName() async throws {
    let client = BatchClient.test(simulator.transport, clock: clock) { $0.uploadLimits.request = 10 }
    simulator.inject(.loseResponse(of: .completeUpload))
    let rows = [BatchRequest(customID: "a", endpoint: .responses, body: ["model": "m"])]
    let file = try await client.uploadRequests(rows)
    #expect(try await client.listFiles().data.map(\.id) == [file.id])
    #expect(simulator.requestCount(of: .completeUpload) == 2)
  }

  /// Under a name of the caller's own, the file may be that of another process.
  @Test func doesNotTakeAnothersFileForItsOwn() async throws {
    simulator.inject(.loseResponse(of: .completeUpload))
    let error = try await failure { try await client.uploadFile(at: path, method: method) }
    #expect(error.kind == .rejected && error.operation == "completeUpload")
  }

  @Test func failsWhenTheFileChanges() async throws {
    try folder.age("big.jsonl")
    let path = path
    let transport = ScriptedTransport { request in
      switch request.path {
      case "/v1/uploads": return Reply(200, #"{"id":"upload_1","status":"pending"}"#)
      case "/v1/uploads/upload_1/parts":
        if request.number == 3 { truncate(path, 1) }
        return Reply(200, #"{"id":"part_\#(request.number)"}"#)
      default: return Reply(200, "{}")
      }
    }
    let error = try await failure {
      try await BatchClient.test(transport).uploadFile(at: path, method: method)
    }
    #expect(error.kind == .file && error.message.contains("changed"))
    #expect(transport.lines.last == "POST /v1/uploads/upload_1/cancel")
    #expect(!transport.lines.contains { $0.hasSuffix("/complete") })
  }
}
