// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Synchronization
import Testing

/// One poller for many batches.
@Suite struct ManyWaitTests {
  private let clock: VirtualClock

  /// A service with `count` batches, newest last; batch n ends after n minutes.
  private func service(
    _ count: Int, fault: @escaping @Sendable (SentRequest) -> Reply? = { _ in nil }
  ) -> ScriptedTransport {
    ScriptedTransport { [clock] request in
      if let reply = fault(request) { return reply }
      @Sendable func text(_ number: Int) -> String {
        let status = clock.elapsed >= .seconds(60 * number) ? "completed" : "in_progress"
        return batchText(id: "batch_\(number)", status: status, createdAt: Int(testEpoch) - 1000 + number)
      }
      let path = request.target.prefix { $0 != "?" }
      if path == "/v1/batches" {
        let after = request.target.split(separator: "&").compactMap { item -> Int? in
          item.contains("after=batch_") ? Int(item.drop { $0 != "_" }.dropFirst()) : nil
        }.first
        let numbers = (1..<(after ?? count + 1)).reversed()
        let page = numbers.prefix(100)
        return Reply(
          200,
          "{\"data\":[\(page.map(text).joined(separator: ","))],\"has_more\":\(numbers.count > page.count)}")
      }
      guard let number = Int(path.split(separator: "_").last ?? ""), number <= count else {
        return Reply(404)
      }
      return Reply(200, text(number))
    }
  }

  private func ids(_ numbers: some Sequence<Int>) -> [BatchID] { numbers.map { BatchID("batch_\($0)") } }

  private func ends(_ updates: BatchUpdates) async throws -> [BatchID] {
    var ended: [BatchID] = []
    for try await update in updates where update.phase == .ended { ended.append(update.batch.id) }
    return ended
  }

  @Test func listsWhenThatIsCheaper() async throws {
    let transport = service(30)
    let client = BatchClient.test(transport, clock: clock)
    let ended = try await ends(client.updates(of: ids(1...30), polling: .every(.seconds(60))))
    #expect(ended == ids(1...30))
    let lists = transport.lines.filter { $0 == "GET /v1/batches" }
    #expect(lists.count >= 29)
    #expect(transport.lines.count <= 32, "one request a minute for thirty batches")
  }

  @Test func asksOneByOneWhenTheyAreFarDownTheList() async throws {
    let transport = service(5000)
    let client = BatchClient.test(transport, clock: clock)
    #expect(try await ends(client.updates(of: ids(1...3), polling: .every(.seconds(60)))) == ids(1...3))
    let lists = transport.lines.filter { $0 == "GET /v1/batches" }
    #expect(lists.count <= 2)
    #expect(transport.lines.count <= 12)
  }

  @Test func asksForThoseThatTheListDoesNotHave() async throws {
    let transport = service(1000)
    let client = BatchClient.test(transport, clock: clock)
    let wanted = ids([1, 2]) + ids(981...1000)
    let ended = try await ends(client.updates(of: wanted, polling: .every(.seconds(600))))
    #expect(Set(ended) == Set(wanted))
    #expect(ended.count == wanted.count)
  }

  @Test func aProviderWithoutAListIsAskedOneByOne() async throws {
    for status in [404, 405, 400] {
      let clock = VirtualClock()
      let tests = ManyWaitTests(clock: clock)
      let transport = tests.service(5) { $0.target.contains("?") ? Reply(status) : nil }
      let client = BatchClient.test(transport, clock: clock)
      #expect(
        try await tests.ends(client.updates(of: ids(1...5), polling: .every(.seconds(60)))) == ids(1...5))
      #expect(transport.lines.filter { $0 == "GET /v1/batches" }.count == 1)
    }
  }

  @Test func oneFailureIsEnoughToKnowThatTheServiceIsDown() async throws {
    let transport = service(50) { [clock] _ in clock.elapsed < .seconds(600) ? Reply(503) : nil }
    let client = BatchClient.test(transport, clock: clock)
    #expect(try await ends(client.updates(of: ids(1...50), polling: .every(.seconds(60)))).count == 50)
    #expect(transport.lines.count < 70)
  }

  @Test func oneThatAlwaysFailsDoesNotKeepTheOthersFromBeingAsked() async throws {
    for reply in [Reply(400), Reply(500), Reply(200, "<html>")] {
      let clock = VirtualClock()
      let tests = ManyWaitTests(clock: clock)
      let transport = tests.service(3) { request in
        request.target.contains("?") ? Reply(501) : request.target.hasSuffix("batch_1") ? reply : nil
      }
      let client = BatchClient.test(transport, clock: clock)
      var ended: [BatchID] = []
      let error = try await failure {
        for try await update in client.updates(
          of: ids(1...3), polling: .every(.seconds(60)), timeout: .seconds(3000))
        where update.phase == .ended { ended.append(update.batch.id) }
      }
      #expect(ended == ids(2...3))
      #expect(error.kind == .timedOut && error.message.contains("batch_1"))
    }
  }

  @Test func aListThatTurnsInCirclesDoesNotHoldTheWait() async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request in
      let isEnded = clock.elapsed > .seconds(600)
      guard request.path == "/v1/batches" else {
        let id = String(request.path.split(separator: "/").last ?? "")
        return Reply(200, batchText(id: id, status: isEnded ? "completed" : "in_progress"))
      }
      let id = request.target.contains("after=batch_1") ? "batch_2" : "batch_1"
      return Reply(
        200,
        "{\"data\":[\(batchText(id: id, status: isEnded ? "completed" : "in_progress"))],\"has_more\":true}")
    }
    let client = BatchClient.test(transport, clock: clock)
    let ended = try await ends(client.updates(of: ids(1...3), polling: .every(.seconds(60))))
    #expect(Set(ended) == Set(ids(1...3)))
    #expect(transport.lines.count < 100)
  }

  @Test func theTimeoutHoldsForAllRequestsOfAPollTogether() async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      if request.target.contains("?") { return Reply(404) }
      try? await clock.sleep(for: .seconds(5))
      return Reply(
        200, batchText(id: String(request.path.split(separator: "/").last ?? ""), status: "in_progress"))
    }
    let client = BatchClient.test(transport, clock: clock)
    let error = try await failure { try await ends(client.updates(of: ids(1...200), timeout: .seconds(60))) }
    #expect(error.kind == .timedOut)
    #expect(clock.elapsed <= .seconds(67))
  }

  @Test func whatWasFoundComesBeforeTheErrorThatEndsTheWait() async throws {
    let transport = service(3) { request in
      request.target.contains("?") ? Reply(404) : request.target.hasSuffix("batch_3") ? Reply(401) : nil
    }
    let clock = clock
    clock.advance(by: .seconds(600))
    let client = BatchClient.test(transport, clock: clock)
    var ended: [BatchID] = []
    let error = try await failure {
      for try await update in client.updates(of: ids([1, 2, 3])) { ended.append(update.batch.id) }
    }
    #expect(error.kind == .unauthorized)
    #expect(Set(ended).isSubset(of: Set(ids(1...2))) && !ended.isEmpty)
  }

  @Test func oneThatStaysUnknownDoesNotEndTheWaitForTheOthers() async throws {
    let transport = service(3)
    let client = BatchClient.test(transport, clock: clock)
    var ended: [BatchID] = []
    let error = try await failure {
      for try await update in client.updates(of: ids([1, 77, 2, 3]), polling: .every(.seconds(10)))
      where update.phase == .ended { ended.append(update.batch.id) }
    }
    #expect(error.kind == .notFound)
    #expect(ended == ids(1...3))
  }

  @Test func theTimeoutEndsTheWaitForAll() async throws {
    let client = BatchClient.test(service(3), clock: clock)
    var ended: [BatchID] = []
    let error = try await failure {
      for try await update in client.updates(
        of: ids(1...3), polling: .every(.seconds(10)), timeout: .seconds(70))
      where update.phase == .ended { ended.append(update.batch.id) }
    }
    #expect(ended == ids([1]))
    #expect(error.kind == .timedOut)
    #expect(error.message.contains("batch_2") && error.message.contains("1 more"))
    #expect(clock.elapsed == .seconds(70))
  }

  @Test func aRefusedKeyEndsTheWaitAtOnce() async throws {
    let transport = service(9) { _ in Reply(401) }
    let client = BatchClient.test(transport, clock: clock)
    let error = try await failure { try await ends(client.updates(of: ids(1...9))) }
    #expect(error.kind == .unauthorized)
    #expect(transport.lines.count == 1)
  }

  @Test func oneNamedTwiceIsWaitedForOnce() async throws {
    let client = BatchClient.test(service(2), clock: clock)
    #expect(try await ends(client.updates(of: ids([1, 2, 1]), polling: .every(.seconds(60)))) == ids(1...2))
  }

  @Test func noBatchIsNoWait() async throws {
    let transport = service(2)
    #expect(try await ends(BatchClient.test(transport, clock: clock).updates(of: [BatchID]())).isEmpty)
    #expect(transport.lines.isEmpty)
  }

  @Test func isWokenForEachOfThem() async throws {
    let clock = VirtualClock(isHeld: true)
    let hasEnded = Mutex(false)
    let transport = ScriptedTransport { request in
      let isEnded = hasEnded.withLock { $0 }
      let texts = ["batch_1", "batch_2"].map {
        batchText(id: $0, status: isEnded ? "completed" : "in_progress")
      }
      return Reply(200, "[\(texts.joined(separator: ","))]")
    }
    let client = BatchClient.test(transport, clock: clock)
    let wait = Task { try await ends(client.updates(of: ["batch_1", "batch_2"])) }
    await clock.waitForSleeper()
    hasEnded.withLock { $0 = true }
    client.wake("batch_2")
    #expect(try await wait.value == ["batch_1", "batch_2"])
    #expect(clock.elapsed == .zero)
  }

  init(clock: VirtualClock) { self.clock = clock }
  init() { self.init(clock: VirtualClock()) }
}
