// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchSimulator
import Synchronization
import Testing

private let line =
  #"{"custom_id":"a","method":"POST","url":"/v1/responses","body":{"model":"m","input":"x"}}"#
private let content = Array("\(line)\n".utf8)

/// What another process does while an upload is tried again.
private struct Interlude: Middleware {
  let action: @Sendable () async throws -> Void

  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    if context.operation == "uploadFile", context.attempt == 2 {
      do { try await action() } catch { throw CallFailure(.middleware(error)) }
    }
    return try await next(request, context)
  }
}

@Suite struct UploadTwinsTests {
  private let clock = VirtualClock()
  private let simulator: BatchSimulator
  private let client: BatchClient

  init() {
    simulator = BatchSimulator(
      configuration: .init(clock: clock, startTime: Date(timeIntervalSince1970: testEpoch)))
    client = .test(simulator.transport, clock: clock)
  }

  private func ids() async throws -> Set<FileID> { Set(try await client.listFiles().data.map(\.id)) }

  /// A client in whose uploads others get a word.
  private func client(_ action: @escaping @Sendable () async throws -> Void) -> BatchClient {
    .test(simulator.transport, clock: clock) {
      $0.middleware.append(Interlude(action: action), at: .perAttempt)
    }
  }

  @Test(arguments: [1, 2])
  func deletesWhatLostAnswersLeft(times: Int) async throws {
    simulator.inject(.loseResponse(of: .uploadFile, times: times))
    let rows = [BatchRequest(customID: "a", endpoint: .responses, body: ["model": "m"])]
    let file = try await client.uploadRequests(rows)
    #expect(simulator.requestCount(of: .uploadFile) == times + 1)
    #expect(try await ids() == [file.id])
  }

  @Test func deletesItUnderANameOfTheCallersOwn() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(content, to: "requests.jsonl")
    simulator.inject(.loseResponse(of: .uploadFile))
    let file = try await client.uploadFile(at: path)
    #expect(file.filename == "requests.jsonl")
    #expect(try await ids() == [file.id])
  }

  @Test func leavesOtherFilesAlone() async throws {
    let older = try await client.uploadFile(content, named: "a.jsonl")
    clock.advance(by: .seconds(600))
    let others = [
      try await client.uploadFile(content, named: "b.jsonl"),
      try await client.uploadFile(content + content, named: "a.jsonl"),
      try await client.uploadFile(content, named: "a.jsonl", purpose: .userData),
    ]
    simulator.inject(.loseResponse(of: .uploadFile))
    let file = try await client.uploadFile(content, named: "a.jsonl")
    #expect(try await ids() == Set([file, older] + others).reduce(into: []) { $0.insert($1.id) })
  }

  @Test func doesNotLookWithoutNeed() async throws {
    _ = try await client.uploadFile(content, named: "a.jsonl")
    #expect(simulator.requestCount(of: .listFiles) == 0)
  }

  @Test func leavesAllWhenThereAreMoreThanItCanHaveMade() async throws {
    simulator.inject(.loseResponse(of: .uploadFile))
    let other = client
    _ = try await client { _ = try await other.uploadFile(content, named: "a.jsonl") }
      .uploadFile(content, named: "a.jsonl")
    #expect(try await ids().count == 3)
  }

  @Test func leavesAFileOfWhichABatchIsMade() async throws {
    simulator.inject(.failRequest(.uploadFile, status: 503))
    let other = client
    let file = try await client {
      let file = try await other.uploadFile(content, named: "a.jsonl")
      _ = try await other.createBatch(CreateBatchRequest(inputFileID: file.id, endpoint: .responses))
    }.uploadFile(content, named: "a.jsonl")
    let ids = try await ids()
    #expect(ids.count == 2 && ids.contains(file.id))
    #expect(simulator.requestCount(of: .deleteFile) == 0)
  }

  @Test(arguments: [BatchSimulator.Operation.listFiles, .listBatches, .deleteFile])
  func succeedsThoughTheCleaningFails(operation: BatchSimulator.Operation) async throws {
    simulator.inject(.loseResponse(of: .uploadFile))
    simulator.inject(.failRequest(operation, status: 500))
    let file = try await client.uploadFile(content, named: "a.jsonl")
    #expect(simulator.requestCount(of: operation) == 1, "once, and not again")
    #expect(try await ids().count == 2)
    #expect(try await client.retrieveFile(file.id).id == file.id)
  }
}
