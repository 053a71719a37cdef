// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchSimulator
import Testing

private let line =
  #"{"custom_id":"a","method":"POST","url":"/v1/responses","body":{"model":"m","input":"x"}}"#
private let content = Array("\(line)\n".utf8)

@Suite struct UploadTwinsTests {
  private let clock = VirtualClock()
  private let simulator: BatchSimulator
  private let client: BatchClient

  init() {
    simulator = BatchSimulator(
      configuration: .init(clock: clock, startTime: Date(timeIntervalSince1970: testEpoch)))
    client = .test(simulator.transport, clock: clock)
  }

  private let rows = [BatchRequest(customID: "a", endpoint: .responses, body: ["model": "m"])]

  private func ids() async throws -> Set<FileID> { Set(try await client.listFiles().data.map(\.id)) }

  @Test(arguments: [1, 2])
  func deletesWhatLostAnswersLeft(times: Int) async throws {
    simulator.inject(.loseResponse(of: .uploadFile, times: times))
    let file = try await client.uploadRequests(rows)
    #expect(simulator.requestCount(of: .uploadFile) == times + 1)
    #expect(try await ids() == [file.id])
  }

  /// Another process, on another host, may have uploaded it, and not have made its batch yet.
  @Test(arguments: [FilePurpose.batch, .userData])
  func leavesWhatHasANameOfTheCallersOwn(purpose: FilePurpose) async throws {
    simulator.inject(.loseResponse(of: .uploadFile))
    let file = try await client.uploadFile(content, named: "a.jsonl", purpose: purpose)
    let ids = try await ids()
    #expect(ids.count == 2 && ids.contains(file.id))
    #expect(simulator.requestCount(of: .deleteFile) == 0)
  }

  @Test func leavesOtherFilesAlone() async throws {
    let other = try await client.uploadFile(content, named: "a.jsonl")
    simulator.inject(.loseResponse(of: .uploadFile))
    let file = try await client.uploadRequests(rows)
    #expect(try await ids() == [other.id, file.id])
  }

  @Test func doesNotLookWithoutNeed() async throws {
    _ = try await client.uploadFile(content, named: "a.jsonl")
    #expect(simulator.requestCount(of: .listFiles) == 0)
  }

  @Test(arguments: [BatchSimulator.Operation.listFiles, .deleteFile])
  func succeedsThoughTheCleaningFails(operation: BatchSimulator.Operation) async throws {
    simulator.inject(.loseResponse(of: .uploadFile))
    simulator.inject(.failRequest(operation, status: 500))
    let file = try await client.uploadRequests(rows)
    #expect(simulator.requestCount(of: operation) == 1, "once, and not again")
    #expect(try await ids().count == 2)
    #expect(try await client.retrieveFile(file.id).id == file.id)
  }
}
