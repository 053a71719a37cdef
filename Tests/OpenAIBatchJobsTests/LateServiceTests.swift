// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJobs
import OpenAIBatchSimulator
import Testing

/// What a job does where the service shows late what it has.
struct LateServiceTests {
  /// A run that died, or another one, may have created a batch that no list shows yet.
  @Test func aTwinThatAppearsWhileTheRunWaitsIsFound() async throws {
    let (fixture, service) = try Self.fixture { $0.speed = 10 }
    try fixture.writeInput(rows: 2)
    let first = try await fixture.job().run()
    // From the looks for the job's and for unmarked batches, and from the one behind the create.
    service.hide(first.batch.id, fromLists: 3)
    let events = EventLog()
    let second = try await fixture.job { $0.polling = .every(.seconds(1)) }.run { events.add($0) }
    #expect(events.all.contains("created"), "no list had shown it")
    #expect(second.batch.id == first.batch.id)
    #expect(second.isComplete)
    let others = try await fixture.allBatches().filter { $0.id != first.batch.id }
    #expect(others.count == 1)
    #expect(others.allSatisfy { [.cancelling, .cancelled].contains($0.status) })
    #expect(events.all.contains("cancelled"), "what is cancelled is said")
  }

  @Test(arguments: 1...2)
  func afew404sAreNoReasonToPayAgain(count: Int) async throws {
    let (fixture, service) = try Self.fixture()
    try fixture.writeInput(rows: 2)
    let first = try await fixture.job().run()
    service.missContents(count)
    let events = EventLog()
    let second = try await fixture.job().run { events.add($0) }
    #expect(second.batch.id == first.batch.id && second.isComplete)
    #expect(!events.all.contains("answersGone"))
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
  }

  @Test func aFileThatIsThereAndCannotBeReadIsNoReasonToPayAgain() async throws {
    let (fixture, service) = try Self.fixture()
    try fixture.writeInput(rows: 2)
    _ = try await fixture.job().run()
    service.missContents(.max)
    let error = await #expect(throws: BatchClientError.self) { try await fixture.job().run() }
    #expect(error?.kind == .notFound)
    #expect(error?.message.contains("cannot be read") == true)
    #expect(fixture.simulator.requestCount(of: .createBatch) == 1)
  }

  @Test(arguments: 1...2)
  func filesMayAppearAMomentAfterTheBatchEnded(count: Int) async throws {
    let (fixture, service) = try Self.fixture()
    try fixture.writeInput(rows: 2)
    service.missContents(count)
    #expect(try await fixture.job().run().isComplete)
  }

  @Test(arguments: [0, 1, 2, 3])
  func filesMayBeNamedAMomentAfterTheBatchEnded(count: Int) async throws {
    let (fixture, service) = try Self.fixture()
    try fixture.writeInput(rows: 2)
    service.leaveFilesUnnamed(count)
    let report = try await fixture.job().run()
    #expect(report.isComplete == (count < 3), "15 s are waited for")
    #expect(report.audit.rows == 2)
  }

  @Test func anotherInputsBatchUnderTheSameKeyIsNotTaken() async throws {
    let (fixture, service) = try Self.fixture()
    try fixture.writeInput(rows: 2)
    let first = try await fixture.job { $0.key = "mine" }.run()
    try FileManager.default.removeItem(atPath: fixture.output)
    try fixture.writeInput(rows: 3)
    // Only the look behind the create shows it, as if both had begun together.
    service.hide(first.batch.id, fromLists: 1)
    let error = await #expect(throws: BatchClientError.self) {
      try await fixture.job { $0.key = "mine" }.run()
    }
    #expect(error?.kind == .invalidRequest)
    #expect(error?.message.contains(first.batch.id.rawValue) == true)
    #expect(!FileManager.default.fileExists(atPath: fixture.output))
  }

  private static func fixture(
    _ adjust: (inout BatchSimulator.Configuration) -> Void = { _ in }
  ) throws -> (JobFixture, LateService) {
    var late: LateService?
    let fixture = try JobFixture(
      clock: FastClock(),
      through: { simulator in
        let service = LateService(simulator)
        late = service
        return service
      }, adjust)
    return (fixture, try #require(late))
  }
}
