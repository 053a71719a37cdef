// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Synchronization
import Testing

@Suite struct KeyLookupTests {
  private let request = CreateBatchRequest(inputFileID: "file-2", endpoint: .responses)

  private func entry(
    _ id: String, hoursAgo: Double, status: String = "in_progress", key: String? = "my-key"
  ) -> FakeBatches.Entry {
    FakeBatches.Entry(
      id: id, createdAt: Int(testEpoch - hoursAgo * 3600), status: status,
      metadata: key.map { ["openai_batch_key": $0, "team": "search"] })
  }

  @Test func looksBeforeItPosts() async throws {
    let service = FakeBatches([entry("other", hoursAgo: 1, key: "another")])
    let transport = ScriptedTransport { service.reply(to: $0) }
    let client = BatchClient.test(transport)

    let first = try await client.createBatch(request, key: "my-key")
    let second = try await client.createBatch(request, key: "my-key")

    #expect(first.id == second.id)
    #expect(first.metadata == ["openai_batch_key": "my-key"])
    // Once more after the create: somebody else may have looked at the same time.
    #expect(
      transport.lines == ["GET /v1/batches", "POST /v1/batches", "GET /v1/batches", "GET /v1/batches"])
  }

  @Test(arguments: ["validating", "in_progress", "completed", "expired", "failed", "cancelled"])
  func adoptsABatchInAnyState(status: String) async throws {
    let service = FakeBatches([entry("batch_x", hoursAgo: 47.9, status: status)])
    let transport = ScriptedTransport { service.reply(to: $0) }
    let batch = try await BatchClient.test(transport).createBatch(request, key: "my-key")
    #expect(batch.id == "batch_x")
    #expect(transport.lines == ["GET /v1/batches"])
  }

  @Test func findsItOnALaterPage() async throws {
    let newer = (0..<250).map { entry("new_\($0)", hoursAgo: 1, key: nil) }
    let service = FakeBatches([entry("batch_x", hoursAgo: 2)] + newer)
    let transport = ScriptedTransport { service.reply(to: $0) }
    let batch = try await BatchClient.test(transport).createBatch(request, key: "my-key")
    #expect(batch.id == "batch_x")
    #expect(transport.lines == Array(repeating: "GET /v1/batches", count: 3))
  }

  @Test(arguments: [(48.1, Duration.seconds(48 * 3600)), (1.1, .seconds(3600))])
  func looksNoFurtherBackThanAsked(hoursAgo: Double, lookBack: Duration) async throws {
    let older = (0..<150).map { entry("old_\($0)", hoursAgo: 100, key: nil) }
    let service = FakeBatches(older + [entry("batch_x", hoursAgo: hoursAgo)])
    let transport = ScriptedTransport { service.reply(to: $0) }
    let batch = try await BatchClient.test(transport).createBatch(
      request, key: "my-key", lookBack: lookBack)
    #expect(batch.id != "batch_x")
    #expect(
      transport.lines == ["GET /v1/batches", "POST /v1/batches", "GET /v1/batches"],
      "the first page ends too far back")
  }

  /// Whatever it looks back: the batch of this very call is none of the older ones.
  @Test(arguments: [0, -300, 300]) func adoptsItsOwnBatchHoweverShortItLooksBack(serverClock: Int)
    async throws
  {
    let service = FakeBatches([entry("older", hoursAgo: 0.15)], now: { Int(testEpoch) + serverClock })
    let transport = ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      if request.method == "POST" { throw .scripted(.interrupted) }
      return reply
    }
    let batch = try await BatchClient.test(transport).createBatch(request, key: "my-key", lookBack: .zero)
    #expect(batch.id == "batch_2")
    #expect(service.all.map(\.id) == ["older", "batch_2"])
    #expect(service.cancelled.isEmpty)
  }

  /// A server that filters its pages after it has cut them.
  @Test(arguments: [true, false]) func anEmptyPageWithMoreIsNotTheEnd(namesLast: Bool) async throws {
    let service = FakeBatches([entry("batch_x", hoursAgo: 1)])
    let last = namesLast ? #""last_id":"batch_y","# : ""
    let transport = ScriptedTransport { request in
      request.method == "GET" && !request.target.contains("after=")
        ? Reply(200, #"{"object":"list","data":[],\#(last)"has_more":true}"#) : service.reply(to: request)
    }
    let client = BatchClient.test(transport)
    if namesLast {
      #expect(try await client.createBatch(request, key: "my-key").id == "batch_x")
    } else {
      let error = try await failure { try await client.createBatch(request, key: "my-key") }
      #expect(error.kind == .malformedResponse)
    }
    #expect(!transport.lines.contains("POST /v1/batches"))
  }

  /// Another caller creates between the look and the post, and the look behind the post is spoiled.
  @Test(arguments: [1, .max]) func looksAgainBehindThePost(spoiledLooks: Int) async throws {
    let service = FakeBatches()
    let spoiled = Mutex(0)
    let transport = ScriptedTransport { request in
      if request.method == "POST" && request.path.hasSuffix("/batches") {
        service.add(entry("batch_other", hoursAgo: 0.01))
      } else if request.method == "GET", !service.all.isEmpty,
        spoiled.withLock({
          $0 += 1
          return $0 <= spoiledLooks
        })
      {
        return Reply(200, "<html>")
      }
      return service.reply(to: request)
    }
    let client = BatchClient.test(transport)
    if spoiledLooks == 1 {
      #expect(try await client.createBatch(request, key: "my-key").id == "batch_other")
      #expect(service.cancelled == ["batch_2"])
    } else {
      let error = try await failure { try await client.createBatch(request, key: "my-key") }
      #expect(error.kind == .outcomeUnknown && error.key == "my-key")
    }
  }

  /// Both look and find nothing before either has posted: the younger batch goes.
  @Test(.timeLimit(.minutes(1))) func callsAtTheSameTimeAgreeOnOneBatch() async throws {
    let service = FakeBatches()
    let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
    let isOpen = Mutex(false)
    let transport = ScriptedTransport { request in
      let reply = service.reply(to: request)
      guard request.method == "GET", !isOpen.withLock({ $0 }) else { return reply }
      arrival.yield()
      while !isOpen.withLock({ $0 }), !Task.isCancelled { await Task.yield() }
      return reply
    }
    let client = BatchClient.test(transport)
    async let one = client.createBatch(request, key: "my-key")
    async let other = client.createBatch(request, key: "my-key")
    var iterator = arrivals.makeAsyncIterator()
    for _ in 0..<2 { await iterator.next() }
    isOpen.withLock { $0 = true }
    _ = try await (one, other)
    #expect(service.live.count == 1)
    #expect(service.all.count == 2)
  }

  @Test(arguments: [-40_000.0, -1000, 1000, 40_000], [BatchKey.automatic, "my-key"])
  func aLostCreateIsAdoptedWhateverTheClocksSay(skew: Double, key: BatchKey) async throws {
    let service = FakeBatches(now: { Int(testEpoch + skew) })
    let transport = ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      if request.method == "POST" { throw .scripted(.interrupted) }
      return reply
    }
    let batch = try await BatchClient.test(transport).createBatch(request, key: key)
    #expect(service.all.map(\.id) == [batch.id.rawValue])
  }

  @Test func doesNotTakeABatchThatOnlyLooksAlike() async throws {
    let alike = FakeBatches.Entry(id: "alike", createdAt: Int(testEpoch), inputFileID: "file-2")
    let service = FakeBatches([alike])
    let transport = ScriptedTransport { service.reply(to: $0) }
    let batch = try await BatchClient.test(transport).createBatch(request, key: "my-key")
    #expect(batch.id != "alike")
  }

  @Test func postsNothingWhenItCannotLook() async throws {
    let transport = ScriptedTransport { _ in Reply(500) }
    let error = try await failure {
      try await BatchClient.test(transport).createBatch(request, key: "my-key")
    }
    #expect(error.kind == .serverError)
    #expect(error.operation == "listBatches")
    #expect(transport.lines.allSatisfy { $0 == "GET /v1/batches" })
  }

  @Test func looksWithinTheCallsTimeout() async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      try? await clock.sleep(for: request.timeouts.total ?? .seconds(1000))
      throw .scripted(.timedOut)
    }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).createBatch(
        request, key: "my-key", options: CallOptions(timeout: .seconds(30)))
    }
    #expect(error.kind == .timedOut)
    #expect(clock.elapsed <= .seconds(30))
    #expect(transport.lines.allSatisfy { $0 == "GET /v1/batches" })
  }

  // The oldest stays; of equals the smallest id.
  @Test(arguments: [
    (["b": 2.0, "a": 1.0], "b", ["a"]),
    (["b": 1.0, "a": 1.0, "c": 1.0], "a", ["b", "c"]),
    (["x": 1.0, "y": 1.5, "z": 3.0], "z", ["x", "y"]),
  ])
  func cancelsTheTwins(ages: [String: Double], kept: String, cancelled: [String]) async throws {
    let service = FakeBatches(ages.sorted { $0.key < $1.key }.map { entry($0.key, hoursAgo: $0.value) })
    let transport = ScriptedTransport { service.reply(to: $0) }
    let batch = try await BatchClient.test(transport).createBatch(request, key: "my-key")
    #expect(batch.id.rawValue == kept)
    #expect(service.cancelled.sorted() == cancelled)
  }

  @Test(arguments: ["completed", "failed", "expired", "cancelled", "cancelling"])
  func leavesATwinThatHasEnded(status: String) async throws {
    let service = FakeBatches([
      entry("old", hoursAgo: 2), entry("twin", hoursAgo: 1, status: status),
    ])
    let transport = ScriptedTransport { service.reply(to: $0) }
    let batch = try await BatchClient.test(transport).createBatch(request, key: "my-key")
    #expect(batch.id == "old")
    #expect(transport.lines == ["GET /v1/batches"])
  }

  @Test(arguments: ["failed", "cancelled", "cancelling"])
  func prefersALiveTwinToADeadBatch(status: String) async throws {
    let service = FakeBatches([
      entry("old", hoursAgo: 2, status: status), entry("live", hoursAgo: 1),
    ])
    let transport = ScriptedTransport { service.reply(to: $0) }
    let batch = try await BatchClient.test(transport).createBatch(request, key: "my-key")
    #expect(batch.id == "live")
    #expect(service.cancelled.isEmpty)
  }

  @Test(arguments: [409, 404])
  func takesATwinThatEndedInTheMeantimeForCancelled(status: Int) async throws {
    let service = FakeBatches([entry("old", hoursAgo: 2), entry("twin", hoursAgo: 1)])
    let transport = ScriptedTransport { request in
      request.method == "POST" ? Reply(status) : service.reply(to: request)
    }
    #expect(try await BatchClient.test(transport).createBatch(request, key: "my-key").id == "old")
  }

  @Test func saysSoWhenATwinCannotBeCancelled() async throws {
    let service = FakeBatches([entry("old", hoursAgo: 2), entry("twin", hoursAgo: 1)])
    let transport = ScriptedTransport { request in
      request.method == "POST" ? Reply(403) : service.reply(to: request)
    }
    let error = try await failure {
      try await BatchClient.test(transport).createBatch(request, key: "my-key")
    }
    #expect(error.kind == .unauthorized && error.operation == "cancelBatch")
  }
}
