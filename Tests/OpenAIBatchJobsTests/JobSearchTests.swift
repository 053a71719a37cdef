// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJobs
import OpenAIBatchSimulator
import Synchronization
import Testing

/// How a job finds its uploads and batches again.
struct JobSearchTests {
  /// Some providers drop metadata, or leave it out of their lists.
  @Test func theSameJobAgainFindsItsBatchWithoutAMark() async throws {
    let fixture = try JobFixture(provider: .keepsNoMetadata)
    try fixture.writeInput(rows: 20)
    let first = try await fixture.job().run()
    #expect(first.batch.metadata == nil)
    let events = EventLog()
    let second = try await fixture.job().run { events.add($0) }
    #expect(first.batch.id == second.batch.id)
    #expect(events.all == ["checked", "uploaded", "adopted", "fetching", "finished"])
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
    try await fixture.job {
      $0.isFresh = true
      $0.overwritesOutput = true
    }
    .run()
    #expect(fixture.simulator.requestCount(of: .createBatch) == 2)
  }

  @Test func theSameJobAgainFindsItsBatch() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 20)
    let first = try await fixture.job().run()
    let before = try Data(contentsOf: URL(fileURLWithPath: fixture.output))
    let events = EventLog()
    let second = try await fixture.job().run { events.add($0) }
    #expect(first.batch.id == second.batch.id)
    #expect(events.all == ["checked", "adopted", "fetching", "finished"])
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
    #expect(fixture.simulator.requestCount(of: .uploadFile) == 1)
    #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.output)) == before)
  }

  @Test(arguments: [Provider.listsInShortPages, .listsWithoutCursor])
  func theSameJobAgainFindsItsBatchBehindOthers(provider: Provider) async throws {
    let fixture = try JobFixture(provider: provider)
    try fixture.writeInput(rows: 2)
    let first = try await fixture.job().run()
    for number in 0..<3 {
      let request = CreateBatchRequest(inputFileID: first.batch.inputFileID, endpoint: .chatCompletions)
      _ = try await fixture.client.createBatch(request, key: BatchKey("other \(number)"))
    }
    #expect(try await fixture.job().run().batch.id == first.batch.id)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 4)
  }

  @Test(arguments: ["endpoint and window", "metadata", "input"])
  func anotherJobHasAnotherKey(difference: String) async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 3)
    try await fixture.job().run()
    if difference == "input" { try fixture.writeInput(rows: 4) }
    try FileManager.default.removeItem(atPath: fixture.output)
    let report = try await fixture.job { options in
      if difference == "metadata" { options.metadata = ["team": "search"] }
      if difference == "endpoint and window" { options.key = "another" }
    }.run()
    #expect(report.isComplete)
    #expect(try await fixture.allBatches().count == 2)
  }

  /// Keys of which one is the other's beginning belong to different jobs; only a number makes a later batch of one job.
  @Test(arguments: ["team/feb", "team/01", "team/+1", "team/", "team/1000000000", "team/1/x", "teams"])
  func aKeyThatBeginsWithAnotherIsAnotherJob(longer: String) async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 3)
    try await fixture.job { $0.key = longer }.run()
    try FileManager.default.removeItem(atPath: fixture.output)
    try await fixture.job { $0.key = "team" }.run()
    #expect(
      Set(try await fixture.allBatches().map { $0.metadata?[BatchKey.metadataKey] }) == [longer, "team"])
  }

  /// Its answers would be taken for those to this input's rows, which may have the same ids.
  @Test func aKeyOfAnotherInputIsRefused() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 3)
    let first = try await fixture.job { $0.key = "nightly" }.run()
    try fixture.writeInput(rows: 3, model: "gpt-5-nano")
    try FileManager.default.removeItem(atPath: fixture.output)
    let failure = await #expect(throws: BatchClientError.self) {
      try await fixture.job { $0.key = "nightly" }.run()
    }
    #expect(failure?.kind == .invalidRequest)
    #expect(failure?.message.contains("\"nightly\" belongs to \(first.batch.id)") == true)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
    let fresh = try await fixture.job {
      $0.key = "nightly"
      $0.isFresh = true
    }.run()
    #expect(fresh.isComplete)
    try FileManager.default.removeItem(atPath: fixture.output)
    #expect(try await fixture.job { $0.key = "nightly" }.run().batch.id == fresh.batch.id)
  }

  /// Nothing but the key says that it is the same job: an upload under a name of one's own proves nothing.
  @Test func aKeyOfAnUploadOfAnotherKindIsBelieved() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 3)
    let file = try await fixture.client.uploadFile(at: fixture.input, named: "requests-mine.jsonl")
    let batch = try await fixture.client.createBatch(
      CreateBatchRequest(inputFileID: file.id, endpoint: .chatCompletions), key: "nightly")
    #expect(try await fixture.job { $0.key = "nightly" }.run().batch.id == batch.id)
  }

  @Test func laterBatchesOfAJobAreNumbered() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 1)
    for _ in 0..<3 {
      try await fixture.job {
        $0.key = "team/feb"
        $0.isFresh = true
        $0.overwritesOutput = true
      }.run()
    }
    let marks = try await fixture.allBatches().map { $0.metadata?[BatchKey.metadataKey] }
    #expect(Set(marks) == ["team/feb", "team/feb/1", "team/feb/2"])
    let failure = await #expect(throws: BatchClientError.self) {
      try await fixture.job { $0.key = "team/feb/2" }.run()
    }
    #expect(failure?.kind == .invalidRequest)
    #expect(failure?.message.contains("\"team/feb/2\"") == true)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 3)
  }

  @Test func anUploadIsFoundBehindOthers() async throws {
    let fixture = try JobFixture(provider: .listsFilesInShortPages)
    try fixture.writeInput(rows: 3)
    let first = try await fixture.job().run()
    for name in ["a.jsonl", "b.jsonl"] {
      _ = try await fixture.client.uploadFile(Array("{}".utf8), named: name)
    }
    let second = try await fixture.job().run()
    #expect(second.batch.id == first.batch.id)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
  }

  /// Without metadata nothing tells a twin from a batch that `isFresh` asked for.
  @Test func unmarkedBatchesAreNotCancelled() async throws {
    let fixture = try JobFixture(provider: .keepsNoMetadata) { $0.speed = 0.01 }
    try fixture.writeInput(rows: 2)
    for isFresh in [false, true, false] {
      await #expect(throws: BatchClientError.self) {
        try await fixture.job {
          $0.isFresh = isFresh
          $0.timeout = .milliseconds(20)
        }
        .run()
      }
    }
    #expect(fixture.simulator.requestCount(of: .createBatch) == 2)
    #expect(fixture.simulator.requestCount(of: .cancelBatch) == 0)
  }

  @Test func anUploadIsFoundInAnyOrderOfFiles() async throws {
    let fixture = try JobFixture(provider: .listsOldFilesFirst) { $0.speed = 0.01 }
    try fixture.writeInput(rows: 2)
    let job = fixture.job { $0.timeout = .milliseconds(20) }
    for _ in 0..<2 {
      let failure = await #expect(throws: BatchClientError.self) { try await job.run() }
      #expect(failure?.kind == .timedOut)
    }
    #expect(fixture.simulator.requestCount(of: .uploadFile) == 1)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
  }

  /// Where no metadata is kept, the upload alone leads to the batch.
  @Test func anUploadThatCannotBeLookedForIsNotSentAgain() async throws {
    let fixture = try JobFixture(provider: .keepsNoMetadata) { $0.speed = 0.01 }
    try fixture.writeInput(rows: 2)
    let job = fixture.job { $0.timeout = .milliseconds(20) }
    await #expect(throws: BatchClientError.self) { try await job.run() }
    fixture.simulator.inject(.failRequest(.listFiles, status: 500, times: 3))
    let failure = await #expect(throws: BatchClientError.self) { try await job.run() }
    #expect(failure?.kind == .serverError)
    #expect(fixture.simulator.requestCount(of: .uploadFile) == 1)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
  }

  /// An upload that seemed lost arrives after it was sent again, and is the newer one.
  @Test func aBatchOfAnEarlierUploadIsFound() async throws {
    let fixture = try JobFixture(provider: .keepsNoMetadata)
    try fixture.writeInput(rows: 2)
    let first = try await fixture.job().run()
    let upload = try await fixture.client.retrieveFile(first.batch.inputFileID)
    _ = try await fixture.client.uploadFile(at: fixture.input, named: upload.filename)
    let second = try await fixture.job().run()
    #expect(second.batch.id == first.batch.id)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
  }

  /// What a twin had when it was cancelled does not stand for the answers that are gone.
  @Test func aCancelledTwinDoesNotHideDeletedAnswers() async throws {
    let fixture = try JobFixture(clock: FastClock()) { configuration in
      configuration.speed = 10
      configuration.timings.validating = .zero
      configuration.timings.cancelling = .zero
    }
    try fixture.writeInput(rows: 2)
    let first = try await fixture.job().run()
    let twin = try await fixture.createTwin(of: first.batch)
    while try await fixture.client.retrieveBatch(twin.id).status != .inProgress {}
    _ = try await fixture.client.cancelBatch(twin.id)
    let cancelled = try await fixture.client.waitUntilEnded(twin.id, polling: .every(.milliseconds(1)))
    try #require(cancelled.status == .cancelled && cancelled.errorFileID != nil)
    try await fixture.client.deleteFile(try #require(first.batch.outputFileID))
    let events = EventLog()
    let second = try await fixture.job().run { events.add($0) }
    #expect(![first.batch.id, twin.id].contains(second.batch.id))
    #expect(events.all.contains("answersGone"))
    #expect(second.isComplete)
  }

  /// Of two runs in one second the other may have taken its own batch for the first, and cancelled this one.
  @Test func aRunWhoseBatchWasCancelledAsATwinGoesOnWithTheOther() async throws {
    let fixture = try JobFixture { configuration in
      configuration.speed = 10
      configuration.timings.cancelling = .zero
    }
    try fixture.writeInput(rows: 2)
    let twins = Mutex<[Task<BatchID, any Error>]>([])
    let report = try await fixture.job().run { event in
      guard case .created(let batch) = event else { return }
      let task = Task {
        let twin = try await fixture.createTwin(of: batch)
        _ = try await fixture.client.cancelBatch(batch.id)
        return twin.id
      }
      twins.withLock { $0.append(task) }
    }
    let twin = try await #require(twins.withLock { $0.first }).value
    #expect(report.batch.id == twin)
    #expect(report.isComplete)
  }

  @Test func freshMakesANewBatchByName() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 5)
    let first = try await fixture.job().run()
    let refused = await #expect(throws: BatchClientError.self) {
      try await fixture.job { $0.isFresh = true }.run()
    }
    #expect(refused?.kind == .file)
    let second = try await fixture.job { options in
      options.isFresh = true
      options.overwritesOutput = true
    }.run()
    #expect(second.batch.id != first.batch.id)
    let third = try await fixture.job().run()
    #expect(third.batch.id == second.batch.id)
  }

  @Test func aLostCreateMakesNoSecondBatch() async throws {
    let fixture = try JobFixture { $0.faults = [.loseResponse(of: .createBatch)] }
    try fixture.writeInput(rows: 5)
    let report = try await fixture.job().run()
    #expect(report.isComplete)
    #expect(try await fixture.allBatches().count == 1)
  }

  @Test func anUploadWithoutABatchIsUsed() async throws {
    let fixture = try JobFixture {
      $0.faults = [.failRequest(.createBatch, status: 400, code: "invalid_value")]
    }
    try fixture.writeInput(rows: 5)
    await #expect(throws: BatchClientError.self) { try await fixture.job().run() }
    try await fixture.job().run()
    #expect(fixture.simulator.requestCount(of: .uploadFile) == 1)
  }

  @Test func twinsOfADeadProcessAreReducedToTheOldest() async throws {
    let fixture = try JobFixture { configuration in
      configuration.speed = 0.01
      configuration.timings.cancelling = .zero
    }
    try fixture.writeInput(rows: 2)
    let job = fixture.job { $0.timeout = .milliseconds(20) }
    await #expect(throws: BatchClientError.self) { try await job.run() }
    let original = try #require(try await fixture.allBatches().first)
    let mark = try #require(original.metadata?[BatchKey.metadataKey])
    let request = CreateBatchRequest(
      inputFileID: original.inputFileID, endpoint: original.endpoint, metadata: [BatchKey.metadataKey: mark])
    let twin = try await fixture.client.createBatch(request, key: .unguarded)
    let events = EventLog()
    await #expect(throws: BatchClientError.self) { try await job.run { events.add($0) } }
    #expect(events.all.prefix(3) == ["checked", "cancelled", "adopted"], "what is cancelled is said")
    // Made within one second, as a rule: then the smaller id decides.
    let isOlder = (original.createdAt, original.id.rawValue) < (twin.createdAt, twin.id.rawValue)
    let live = try await fixture.allBatches().filter { !$0.status.isTerminal && $0.status != .cancelling }
    #expect(live.map(\.id) == [isOlder ? original.id : twin.id])
  }
}
