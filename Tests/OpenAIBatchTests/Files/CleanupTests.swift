// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchSimulator
import Testing

@testable import OpenAIBatch

private let line =
  #"{"custom_id":"a","method":"POST","url":"/v1/responses","body":{"model":"m","input":"x"}}"#
private let content = Array("\(line)\n".utf8)
private let now = Date(timeIntervalSince1970: testEpoch)

@Suite struct CleanupTests {
  private let clock = VirtualClock()
  private let simulator: BatchSimulator
  private let client: BatchClient

  init() {
    simulator = BatchSimulator(configuration: .init(clock: clock, startTime: now))
    client = .test(simulator.transport, clock: clock)
  }

  private func batch() async throws -> Batch {
    let file = try await client.uploadFile(content, named: "a.jsonl")
    return try await client.createBatch(CreateBatchRequest(inputFileID: file.id, endpoint: .responses))
  }

  private func plan(collected: Bool = false, unused: Bool = false) async throws -> [FileID: FileCleanup
    .Reason]
  {
    let plan = try await client.planCleanup(collected: collected, unused: unused)
    return Dictionary(uniqueKeysWithValues: plan.items.map { ($0.file.id, $0.reason) })
  }

  @Test func plansWhatNobodyNeeds() async throws {
    let ended = try await batch()
    let unused = try await client.uploadFile(content, named: "unused.jsonl")
    _ = try await client.uploadFile(content, named: "mine.jsonl", purpose: .userData)
    clock.advance(by: .seconds(60))
    let output = try #require(try await client.retrieveBatch(ended.id).outputFileID)
    clock.advance(by: .seconds(6 * 86_400))
    #expect(try await plan(collected: true, unused: true).isEmpty, "not old enough")
    clock.advance(by: .seconds(86_400))
    let young = try await batch()
    clock.advance(by: .seconds(60))

    #expect(try await plan() == [ended.inputFileID: .input])
    #expect(try await plan(collected: true) == [ended.inputFileID: .input, output: .result])
    #expect(try await plan(unused: true) == [ended.inputFileID: .input, unused.id: .unused])
    #expect(try await client.retrieveBatch(young.id).status == .completed)
    #expect(simulator.requestCount(of: .deleteFile) == 0)
  }

  /// Batches in pages of two, whatever was asked for, by a server that does not say whether there are more.
  private func shortPages(
    _ batches: [String], goesByCursor: Bool = true, hasMore: Bool? = nil
  ) -> ScriptedTransport {
    ScriptedTransport { request in
      guard request.method == "GET" else { return Reply(204, "") }
      guard request.line.contains("/batches") else {
        return Reply(
          200, #"{"data":[\#(fileText(id: "file-1")),\#(fileText(id: "file-2"))],"has_more":false}"#)
      }
      let after = request.target.firstMatch(of: /after=batch_([0-9]+)/).flatMap { Int($0.1) }
      let start = goesByCursor ? after.map { $0 + 1 } ?? 0 : 0
      let page = goesByCursor ? batches.dropFirst(start).prefix(2) : batches[...]
      let more = hasMore.map { #","has_more":\#($0)"# } ?? ""
      return Reply(200, #"{"data":[\#(page.joined(separator: ","))]\#(more)}"#)
    }
  }

  private let batches = (0..<5).map { number in
    batchText(
      id: "batch_\(number)", status: number == 4 ? "in_progress" : "completed",
      fields: ["input_file_id": number == 4 || number == 0 ? "file-1" : "file-2"])
  }

  @Test(arguments: [true, false])
  func seesEveryBatchWhereTheServerDoesNotSayWhetherThereAreMore(goesByCursor: Bool) async throws {
    let client = BatchClient.test(shortPages(batches, goesByCursor: goesByCursor))
    let plan = try await client.planCleanup(olderThan: .zero, unused: true)
    #expect(plan.items.map(\.file.id) == ["file-2"], "the last of five batches runs on the first one's file")
    let outcome = try await client.cleanUp(plan)
    #expect(outcome.deleted == 1, "204 is an answer to a deletion")
  }

  @Test func deletesNothingWhereItCannotKnowAllBatches() async throws {
    let transport = shortPages([], hasMore: true)
    let error = try await failure {
      try await BatchClient.test(transport).planCleanup(olderThan: .zero, unused: true)
    }
    #expect(error.kind == .malformedResponse && error.message.contains("empty page"))
  }

  @Test func sparesTheFilesOfRunningBatches() async throws {
    let first = try await batch()
    clock.advance(by: .seconds(60))
    // A second batch of the same file.
    _ = try await client.createBatch(
      CreateBatchRequest(inputFileID: first.inputFileID, endpoint: .responses))
    let plan = try await client.planCleanup(olderThan: .zero, collected: true, unused: true)
    #expect(plan.items.map(\.reason) == [.result])
  }

  @Test func deletesWhatIsPlanned() async throws {
    let ended = try await batch()
    let kept = try await client.uploadFile(content, named: "mine.jsonl", purpose: .userData)
    clock.advance(by: .seconds(60))
    let plan = try await client.planCleanup(olderThan: .zero, collected: true)
    #expect(plan.items.count == 2 && plan.bytes > content.count && !plan.isTruncated)
    // Somebody else was faster with one.
    try await client.deleteFile(ended.inputFileID)

    let outcome = try await client.cleanUp(plan)

    #expect(outcome.deleted == 2 && outcome.bytes == plan.bytes)
    #expect(outcome.failures.isEmpty && outcome.spared == 0)
    #expect(try await client.listFiles().data.map(\.id) == [kept.id])
  }

  @Test func sparesAFileThatWasTakenUpSince() async throws {
    let ended = try await batch()
    clock.advance(by: .seconds(60))
    let plan = try await client.planCleanup(olderThan: .zero)
    _ = try await client.createBatch(
      CreateBatchRequest(inputFileID: ended.inputFileID, endpoint: .responses))
    let outcome = try await client.cleanUp(plan)
    #expect(outcome.deleted == 0 && outcome.spared == 1)
    #expect(try await client.retrieveFile(ended.inputFileID).bytes == content.count)
  }

  @Test func goesOnAfterARefusal() async throws {
    for _ in 0..<20 { _ = try await batch() }
    clock.advance(by: .seconds(60))
    let plan = try await client.planCleanup(olderThan: .zero)
    simulator.inject(.failRequest(.deleteFile, status: 409, times: 3))
    let outcome = try await client.cleanUp(plan)
    #expect(outcome.deleted == 17 && outcome.failureCount == 3 && outcome.failures.count == 3)
    #expect(outcome.failures.allSatisfy { $0.error.kind == .conflict })
  }

  @Test func endsWhenTheServiceRefusesTheClient() async throws {
    for _ in 0..<20 { _ = try await batch() }
    clock.advance(by: .seconds(60))
    let plan = try await client.planCleanup(olderThan: .zero)
    simulator.inject(.failRequest(.deleteFile, status: 401, times: 100))
    let error = try await failure { try await client.cleanUp(plan) }
    #expect(error.kind == .unauthorized)
    #expect(simulator.requestCount(of: .deleteFile) <= 16)
  }

  @Test func plansNothingFromAListThatBreaks() async throws {
    _ = try await batch()
    clock.advance(by: .seconds(60))
    simulator.inject(.failRequest(.listBatches, status: 400))
    #expect(try await failure { try await client.planCleanup(olderThan: .zero) }.kind == .rejected)
  }

  private func file(
    _ id: FileID, created: Double = -100, expires: Double? = nil, _ purpose: FilePurpose = .batch
  ) -> FileObject {
    FileObject(
      id: id, bytes: 1, createdAt: now.addingTimeInterval(created),
      expiresAt: expires.map { now.addingTimeInterval($0) }, filename: "a", purpose: purpose)
  }

  private func batch(_ status: BatchStatus, input: FileID = "in", output: FileID? = nil) -> Batch {
    var batch = Batch(
      id: "b", endpoint: .responses, inputFileID: input, status: status, createdAt: now)
    batch.outputFileID = output
    return batch
  }

  private func reason(
    _ file: FileObject, _ batches: [Batch], collected: Bool = false, unused: Bool = false
  ) -> FileCleanup.Reason? {
    var candidates = CleanupCandidates(
      now: now, olderThan: .seconds(50), collected: collected, unused: unused)
    _ = candidates.add(file)
    for batch in batches { candidates.note(batch) }
    return candidates.items().first?.reason
  }

  /// A provider's own name for inputs that no batch was made of; what is called so elsewhere is something else.
  @Test(arguments: ["batch-api", "inputs"] as [FilePurpose])
  func knowsTheProvidersName(purpose: FilePurpose) {
    var candidates = CleanupCandidates(
      now: now, olderThan: .seconds(50), collected: false, unused: true, batchPurpose: purpose)
    for file in [file("in", purpose), file("other"), file("mine", .userData)] { _ = candidates.add(file) }
    #expect(candidates.items().map(\.file.id) == ["in"])
  }

  @Test(arguments: [false, true])
  func countsOnlyFilesThatMayGo(collected: Bool) {
    var candidates = CleanupCandidates(
      now: now, olderThan: .seconds(50), collected: collected, unused: false, most: 2)
    let room = [
      file("out1", .batchOutput), file("out2", .batchOutput), file("in1"), file("mine", .userData),
      file("in1"),
    ].map { candidates.add($0) }
    #expect(room == (collected ? [true, true, false, true, false] : [true, true, true, true, true]))
    let later = [file("in2"), file("in3")].map { candidates.add($0) }
    #expect(later == [!collected, false])
    candidates.note(batch(.completed, input: "in2", output: "out1"))
    #expect(candidates.items().map(\.file.id) == (collected ? ["out1"] : ["in2"]))
  }

  @Test func sumsBytesWithoutOverflow() async throws {
    let files = ["a", "b"].map { id in
      FileObject(id: FileID(id), bytes: .max, createdAt: now, filename: "a", purpose: .batch)
    }
    let plan = FileCleanup(
      items: files.map { FileCleanup.Item(file: $0, reason: .input) }, isTruncated: false, date: now)
    #expect(plan.bytes == .max)
    let transport = ScriptedTransport { request in
      request.path.hasPrefix("/v1/batches") ? Reply(200, #"{"data":[]}"#) : Reply(200, #"{"deleted":true}"#)
    }
    let outcome = try await BatchClient.test(transport).cleanUp(plan)
    #expect(outcome.deleted == 2 && outcome.bytes == .max)
  }

  @Test(arguments: [
    BatchStatus.validating, .inProgress, .finalizing, .cancelling, "something new",
  ])
  func takesEveryStateThatIsNoEndForRunning(status: BatchStatus) {
    for order in [[status, .completed], [.completed, status]] {
      let batches = order.map { batch($0) }
      #expect(reason(file("in"), batches, collected: true, unused: true) == nil)
      #expect(reason(file("in", expires: -1), batches, collected: true, unused: true) == nil)
    }
  }

  @Test func readsAFilesOwnExpiry() {
    #expect(reason(file("in", created: -10, expires: -1), []) == .expired)
    #expect(reason(file("in", created: -10, expires: 1), []) == nil)
    let ended = [batch(.completed, output: "out")]
    #expect(reason(file("out", expires: -1, .batchOutput), ended) == nil, "results only when collected")
    #expect(reason(file("out", expires: -1, .batchOutput), ended, collected: true) == .result)
  }

  @Test func neverTouchesWhatItDoesNotKnow() {
    let unknown = FileObject(
      id: "in", bytes: 1, createdAt: Date(timeIntervalSince1970: 0), filename: "a", purpose: .batch)
    #expect(reason(unknown, [batch(.completed)], unused: true) == nil, "no age")
    for purpose: FilePurpose in [.userData, .fineTune, "", "assistants_output"] {
      #expect(reason(file("in", purpose), [batch(.completed)], collected: true, unused: true) == nil)
    }
    #expect(reason(file("in", "batch-api"), [batch(.completed)]) == .input)
  }

  @Test func keepsResultsThatNoBatchNames() {
    // A provider may write results before the batch says where.
    let file = file("out", expires: -1, .batchOutput)
    #expect(reason(file, [batch(.inProgress)], collected: true, unused: true) == nil)
  }

  @Test func keepsResultsThatAreTheInputOfAnotherBatch() {
    let batches = [batch(.completed, output: "x"), batch(.completed, input: "x")]
    #expect(reason(file("x", .batchOutput), batches) == nil)
    #expect(reason(file("x"), batches) == nil, "whatever a provider calls it")
    #expect(reason(file("x", .batchOutput), batches.reversed()) == nil)
    #expect(reason(file("x", .batchOutput), batches, collected: true) == .result)
    #expect(
      reason(file("x", .batchOutput), batches + [batch(.inProgress, input: "x")], collected: true) == nil)
  }
}
