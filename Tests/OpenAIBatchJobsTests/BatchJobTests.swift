// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJobs
import OpenAIBatchSimulator
import Synchronization
import Testing

struct BatchJobTests {
  @Test func everyRowHasOneLineInInputOrder() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 300)
    let events = EventLog()
    let report = try await fixture.job().run { events.add($0) }
    #expect(report.audit.rows == 300)
    #expect(report.audit.answered == 300)
    #expect(report.isComplete)
    #expect(try fixture.outputIDs() == (0..<300).map { "row-\($0)" })
    #expect(
      events.all.filter { $0 != "update" } == [
        "checked", "uploading", "uploaded", "created", "fetching", "finished",
      ])
    let batch = try #require(try await fixture.allBatches().first)
    #expect(batch.metadata?[BatchKey.metadataKey]?.count == 64)
  }

  @Test func aRowThatCameBackTwiceIsNotComplete() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput([("once", nil), ("twice", "duplicate")])
    let report = try await fixture.job().run()
    #expect(report.audit.answered == 2 && report.audit.duplicates == 1)
    #expect(!report.isComplete && report.isComplete == report.audit.isComplete)
  }

  @Test func rowsWithoutAnAnswerAreExplained() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput([
      ("ok", nil), ("refused", "fail:400:bad"), ("late", "expire"), ("lost", "drop"), ("twice", "duplicate"),
      ("slow", "timeout"), ("last", nil),
    ])
    let report = try await fixture.job().run()
    #expect(report.audit.rows == 7)
    #expect(report.audit.answered == 3)
    #expect(report.audit.failed == [.rejected: 1, .expired: 1, .missing: 1, .timedOut: 1])
    #expect(report.audit.duplicates == 1)
    #expect(report.audit.groups.first { $0.kind == .missing }?.exampleID == "lost")
    #expect(try fixture.outputIDs() == ["ok", "refused", "late", "lost", "twice", "slow", "last"])
    let missing = try #require(try fixture.outputObjects()[3]["error"] as? [String: Any])
    #expect(missing["code"] as? String == "missing")
  }

  @Test func anExpiredBatchKeepsWhatWasFinished() async throws {
    let fixture = try JobFixture { $0.faults = [.expire(afterFraction: 0.5)] }
    try fixture.writeInput(rows: 40)
    let report = try await fixture.job().run()
    #expect(report.batch.status == .expired)
    #expect(report.audit.answered == 20)
    #expect(report.audit.failed == [.expired: 20])
    #expect(try fixture.outputIDs().count == 40)
  }

  @Test func aCancelledBatchIsGoneOnWith() async throws {
    let fixture = try JobFixture { configuration in
      configuration.speed = 0.01
      configuration.timings.validating = .zero
      configuration.timings.cancelling = .zero
    }
    try fixture.writeInput(rows: 10)
    let timedOut = await #expect(throws: BatchClientError.self) {
      try await fixture.job { $0.timeout = .milliseconds(30) }.run()
    }
    #expect(timedOut?.kind == .timedOut)
    let running = try #require(try await fixture.allBatches().first)
    #expect(!running.status.isTerminal)
    try await fixture.client.cancelBatch(running.id)
    let report = try await fixture.job().run()
    #expect(report.batch.id == running.id)
    #expect(report.batch.status == .cancelled)
    #expect(try fixture.outputIDs().count == 10)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
  }

  @Test func aBatchThatWasCancelledBeforeItRanIsReplaced() async throws {
    let fixture = try JobFixture { configuration in
      configuration.speed = 0.01
      configuration.timings.cancelling = .zero
    }
    try fixture.writeInput(rows: 10)
    let job = fixture.job { $0.timeout = .milliseconds(30) }
    await #expect(throws: BatchClientError.self) { try await job.run() }
    let first = try #require(try await fixture.allBatches().first)
    #expect(first.status == .validating)
    let cancelled = try await fixture.client.cancelBatch(first.id)
    try #require(cancelled.outputFileID == nil && cancelled.requestCounts.ended == 0)
    await #expect(throws: BatchClientError.self) { try await job.run() }
    #expect(fixture.simulator.requestCount(of: .createBatch) == 2)
  }

  @Test func aFailedBatchIsReportedAndReplacedNextTime() async throws {
    let fixture = try JobFixture { $0.faults = [.failBatch(code: "token_limit_exceeded")] }
    try fixture.writeInput(rows: 5)
    let failure = await #expect(throws: BatchClientError.self) { try await fixture.job().run() }
    #expect(failure?.kind == .batchFailed)
    #expect(failure?.batchErrors.first?.code == .tokenLimitExceeded)
    #expect(!FileManager.default.fileExists(atPath: fixture.output))
    let report = try await fixture.job().run()
    #expect(report.isComplete)
    let marks = try await fixture.allBatches().compactMap { $0.metadata?[BatchKey.metadataKey] }
    #expect(Set(marks).count == 2)
    // The upload of the first run is used again.
    #expect(fixture.simulator.requestCount(of: .uploadFile) == 1)
  }

  @Test func aBatchWhoseFilesAreGoneIsReplaced() async throws {
    let fixture = try JobFixture(clock: FastClock())
    try fixture.writeInput(rows: 5)
    let first = try await fixture.job().run()
    try await fixture.client.deleteFile(try #require(first.batch.outputFileID))
    let events = EventLog()
    let second = try await fixture.job().run { events.add($0) }
    #expect(second.batch.id != first.batch.id)
    #expect(second.isComplete)
    #expect(events.all.prefix(2) == ["checked", "answersGone"], "what is paid for again is said")
  }

  @Test func anErrorFileThatIsGoneIsNoReasonToPayAgain() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput([("ok", nil), ("refused", "fail:400:bad")])
    let first = try await fixture.job().run()
    try await fixture.client.deleteFile(try #require(first.batch.errorFileID))
    let second = try await fixture.job().run()
    #expect(second.batch.id == first.batch.id)
    #expect(second.audit.answered == 1)
    #expect(second.audit.failed == [.missing: 1])
    #expect(second.audit.deletedFiles == 1)
    #expect(try fixture.outputIDs() == ["ok", "refused"])
  }

  private struct Refusal: Error {}

  @Test func whatAStreamThrowsIsTheCause() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 2)
    func failure(throwing error: any Error) async -> BatchClientError? {
      await #expect(throws: BatchClientError.self) {
        try await fixture.job(to: .stream { _ in throw error }).run()
      }
    }
    let refused = await failure(throwing: Refusal())
    #expect(refused?.kind == .file && refused?.underlying is Refusal)
    #expect(await failure(throwing: CancellationError())?.isCancellation == true)
  }

  @Test func aCancelledJobWritesNoMore() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 200)
    let written = Mutex(0)
    let output = BatchJob.Output.stream { _ in
      let count = written.withLock { count in
        count += 1
        return count
      }
      if count == 5 { withUnsafeCurrentTask { $0?.cancel() } }
    }
    let run = Task { try await fixture.job(to: output).run() }
    let failure = await #expect(throws: BatchClientError.self) { try await run.value }
    #expect(failure?.isCancellation == true)
    #expect(written.withLock { $0 } == 5)
  }

  @Test func aForeignOutputIsNotTouched() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 2)
    try Data("precious\n".utf8).write(to: URL(fileURLWithPath: fixture.output))
    let failure = await #expect(throws: BatchClientError.self) { try await fixture.job().run() }
    #expect(failure?.kind == .file)
    #expect(try String(contentsOfFile: fixture.output, encoding: .utf8) == "precious\n")
    #expect(BatchSimulator.Operation.allCases.allSatisfy { fixture.simulator.requestCount(of: $0) == 0 })
    try await fixture.job { $0.overwritesOutput = true }.run()
    #expect(try fixture.outputIDs() == ["row-0", "row-1"])
  }

  @Test(arguments: [false, true])
  func aFileThatAppearsMeanwhileIsKept(wasThereBefore: Bool) async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 3)
    if wasThereBefore { try await fixture.job().run() }
    let output = fixture.output
    let error = await #expect(throws: BatchClientError.self) {
      try await fixture.job().run { event in
        guard case .fetching = event else { return }
        try? Data("another's".utf8).write(to: URL(fileURLWithPath: output))
      }
    }
    #expect(error?.kind == .file)
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "another's")
    try FileManager.default.removeItem(atPath: output)
    #expect(try await fixture.job().run().isComplete)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
  }

  @Test(arguments: [false, true]) func theInputIsNotTheOutput(overwrites: Bool) async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 2)
    let before = try Data(contentsOf: URL(fileURLWithPath: fixture.input))
    try FileManager.default.linkItem(atPath: fixture.input, toPath: fixture.output)
    let failure = await #expect(throws: BatchClientError.self) {
      try await fixture.job { $0.overwritesOutput = overwrites }.run()
    }
    #expect(failure?.kind == .file && failure?.message.contains("the input itself") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.input)) == before)
    #expect(BatchSimulator.Operation.allCases.allSatisfy { fixture.simulator.requestCount(of: $0) == 0 })
  }

  /// A copy of the input has its ids in its order, and no results.
  @Test func requestsAreNotTakenForAnswers() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 2)
    try FileManager.default.copyItem(atPath: fixture.input, toPath: fixture.output)
    let failure = await #expect(throws: BatchClientError.self) { try await fixture.job().run() }
    #expect(failure?.kind == .file)
    #expect(try fixture.outputObjects().allSatisfy { $0["body"] != nil })
  }

  @Test func anInputThatChangesBeforeTheUploadIsNotSent() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 2)
    let failure = await #expect(throws: BatchClientError.self) {
      try await fixture.job().run { event in
        if case .uploading = event { try? fixture.writeInput(rows: 3) }
      }
    }
    #expect(failure?.kind == .file && failure?.message.contains("has changed since it was checked") == true)
    #expect(fixture.simulator.requestCount(of: .uploadFile) == 0)
  }

  @Test func anInputThatChangesWhileItRunsKeepsItsBatch() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 2)
    let failure = await #expect(throws: BatchClientError.self) {
      try await fixture.job().run { event in
        if case .created = event { try? fixture.writeInput(rows: 3) }
      }
    }
    let batch = try #require(try await fixture.allBatches().first)
    #expect(failure?.kind == .file && failure?.message.contains(batch.id.rawValue) == true)
    #expect(!FileManager.default.fileExists(atPath: fixture.output))
    try fixture.writeInput(rows: 2)
    let report = try await fixture.job().run()
    #expect(report.batch.id == batch.id && report.isComplete)
  }

  @Test func nothingIsSentForAnInputWithProblems() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput([("a", nil), ("b", nil), ("a", nil)])
    let failure = await #expect(throws: BatchClientError.self) { try await fixture.job().run() }
    #expect(failure?.kind == .invalidRequest)
    #expect(failure?.message.contains("3: duplicate_custom_id") == true)
    #expect(failure?.message.contains("line 1") == true)
    #expect(BatchSimulator.Operation.allCases.allSatisfy { fixture.simulator.requestCount(of: $0) == 0 })
  }

  @Test(arguments: [
    (["key": String(repeating: "x", count: 513)], "512"),
    ([BatchKey.metadataKey: "mine"], "reserved for the key"),
    (Dictionary(uniqueKeysWithValues: (0..<16).map { ("key \($0)", "") }), "at most 15 pairs of your own"),
  ])
  func metadataIsCheckedBeforeTheUpload(metadata: [String: String], says: String) async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 2)
    let failure = await #expect(throws: BatchClientError.self) {
      try await fixture.job { $0.metadata = metadata }.run()
    }
    #expect(failure?.kind == .invalidRequest)
    #expect(failure?.message.contains(says) == true, "\(String(describing: failure))")
    #expect(fixture.simulator.requestCount(of: .uploadFile) == 0)
  }

  @Test func aSecondProcessOnTheSameOutputIsRefused() async throws {
    let fixture = try JobFixture()
    try fixture.writeInput(rows: 2)
    let other = try OutputFile(replacing: fixture.output)
    let failure = await #expect(throws: BatchClientError.self) { try await fixture.job().run() }
    #expect(failure?.kind == .file)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 0)
    withExtendedLifetime(other) {}
  }
}
