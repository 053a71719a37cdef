// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchConformance
import Testing

/// Pages of batches made of numbers; the newest first.
private func page(_ numbers: some Sequence<Int>, hasMore: String? = nil, newest: Int = 10_000) -> String {
  let data = numbers.map { batchText(id: "batch_\($0)", createdAt: Int(testEpoch) - $0) }
  let more = hasMore.map { ",\"has_more\":\($0)" } ?? ""
  return "{\"object\":\"list\",\"data\":[\(data.joined(separator: ","))]\(more)}"
}

/// The number after which a request asks.
private func cursor(_ target: String) -> Int? {
  URLComponents(string: "http://h\(target)")?.queryItems?.first { $0.name == "after" }?.value
    .flatMap { Int($0.dropFirst("batch_".count)) }
}

@Suite struct BatchListTests {
  @Test(arguments: Wire.allCases)
  func walksTenThousandBatches(wire: Wire) async throws {
    let total = 10_000
    let server = try LoopbackServer.answering { request in
      let start = cursor(request.target).map { $0 + 1 } ?? 0
      let end = min(start + 100, total)
      return .json(page(start..<end, hasMore: "\(end < total)"))
    }
    defer { server.stop() }
    var ids: [String] = []
    for try await batch in BatchClient.loopback(server, wire).batches() { ids.append(batch.id.rawValue) }
    #expect(ids == (0..<total).map { "batch_\($0)" })
    let targets = server.requests.map(\.target)
    #expect(targets.count == 100)
    #expect(targets[0] == "/v1/batches?limit=100")
    #expect(targets[1] == "/v1/batches?after=batch_99&limit=100")
    #expect(targets[99] == "/v1/batches?after=batch_9899&limit=100")
  }

  private func ids(
    of transport: ScriptedTransport, pageSize: Int = 3, createdSince: Date? = nil
  ) async throws -> [String] {
    var ids: [String] = []
    for try await batch in BatchClient.test(transport).batches(pageSize: pageSize, createdSince: createdSince)
    {
      ids.append(batch.id.rawValue)
    }
    return ids
  }

  @Test func goesOnWhereAnEarlierWalkStopped() async throws {
    let transport = ScriptedTransport { request in
      let start = cursor(request.target).map { $0 + 1 } ?? 0
      return Reply(200, page(start..<start + 3, hasMore: "\(start < 6)"))
    }
    let client = BatchClient.test(transport)
    var pages = client.batches(pageSize: 3).pages.makeAsyncIterator()
    let first = try #require(try await pages.next())
    #expect(first.items.count == 3 && first.next == "batch_2")
    var rest: [String] = []
    for try await batch in client.batches(after: first.next, pageSize: 3) { rest.append(batch.id.rawValue) }
    #expect(rest == (3..<9).map { "batch_\($0)" })
    let list = client.batches(pageSize: 3)
    for _ in 1...2 {
      var count = 0
      for try await _ in list { count += 1 }
      #expect(count == 9, "each walk begins anew")
    }
  }

  @Test func refusesACursorThatComesAgain() async throws {
    // The server ignores the cursor.
    let transport = ScriptedTransport { _ in Reply(200, page(0..<3, hasMore: "true")) }
    var seen = 0
    let error = try await failure {
      for try await _ in BatchClient.test(transport).batches(pageSize: 3) { seen += 1 }
    }
    #expect(error.kind == .malformedResponse)
    #expect(error.operation == "listBatches" && error.message.contains("batch_2"))
    #expect(seen == 3, "the second page is not delivered")
    #expect(transport.requests.count == 2)
  }

  @Test func refusesACursorThatComesAgainLater() async throws {
    let transport = ScriptedTransport { request in
      let start = [0, 3, 6, 3][min(request.number - 1, 3)]
      return Reply(200, page(start..<start + 3, hasMore: "true"))
    }
    var seen = 0
    let error = try await failure {
      for try await _ in BatchClient.test(transport).batches(pageSize: 3) { seen += 1 }
    }
    #expect(error.kind == .malformedResponse)
    #expect(seen == 9)
  }

  @Test func refusesTheCursorItStartedWith() async throws {
    let transport = ScriptedTransport { _ in Reply(200, page(0..<3, hasMore: "true")) }
    let error = try await failure {
      for try await _ in BatchClient.test(transport).batches(after: "batch_2", pageSize: 3) {
        Issue.record("delivered")
      }
    }
    #expect(error.kind == .malformedResponse)
  }

  @Test func endsWithAnEmptyPage() async throws {
    let transport = ScriptedTransport { request in
      Reply(200, request.number == 1 ? page(0..<3, hasMore: "true") : page([], hasMore: "true"))
    }
    #expect(try await ids(of: transport).count == 3)
    #expect(transport.requests.count == 2)
  }

  @Test(arguments: ["absent": nil, "null": "null", "a word": "\"maybe\""])
  func endsWithAShortPageWhereNobodySaysMore(name: String, hasMore: String?) async throws {
    let transport = ScriptedTransport { request in
      let start = cursor(request.target).map { $0 + 1 } ?? 0
      return Reply(200, page(start..<min(start + 3, 8), hasMore: hasMore))
    }
    #expect(try await ids(of: transport).count == 8)
    #expect(transport.requests.count == 3)
    let short = ScriptedTransport { _ in Reply(200, page(0..<2, hasMore: hasMore)) }
    #expect(try await ids(of: short).count == 2)
    #expect(short.requests.count == 1)
  }

  @Test func believesAPageThatSaysItIsTheLast() async throws {
    let transport = ScriptedTransport { _ in Reply(200, page(0..<3, hasMore: "false")) }
    #expect(try await ids(of: transport).count == 3)
    #expect(transport.requests.count == 1)
  }

  @Test func stopsAtATime() async throws {
    let transport = ScriptedTransport { request in
      let start = cursor(request.target).map { $0 + 1 } ?? 0
      return Reply(200, page(start..<start + 3, hasMore: "true"))
    }
    let since = Date(timeIntervalSince1970: testEpoch - 4)
    #expect(try await ids(of: transport, createdSince: since) == (0...4).map { "batch_\($0)" })
    #expect(transport.requests.count == 2)
  }

  @Test func doesNotStopWhereTheOldestComeFirst() async throws {
    let transport = ScriptedTransport { request in
      let start = cursor(request.target).map { $0 - 1 } ?? 9
      return Reply(200, page(stride(from: start, to: max(start - 3, -1), by: -1), hasMore: "\(start > 2)"))
    }
    let since = Date(timeIntervalSince1970: testEpoch - 1)
    #expect(try await ids(of: transport, createdSince: since) == ["batch_1", "batch_0"])
  }

  @Test func keepsBatchesWhoseTimeNobodyKnows() async throws {
    let transport = ScriptedTransport { _ in
      let text = page(0..<3, hasMore: "false").replacingOccurrences(
        of: "\"created_at\":\(Int(testEpoch) - 1)", with: "\"created_at\":null")
      return Reply(200, text)
    }
    let since = Date(timeIntervalSince1970: testEpoch)
    #expect(try await ids(of: transport, createdSince: since) == ["batch_0", "batch_1"])
  }

  @Test func endsAfterAnError() async throws {
    let transport = ScriptedTransport { request in
      request.number == 1 ? Reply(200, page(0..<3, hasMore: "true")) : Reply(403)
    }
    var iterator = BatchClient.test(transport).batches(pageSize: 3).makeAsyncIterator()
    for _ in 0..<3 { #expect(try await iterator.next() != nil) }
    #expect(try await failure { try await iterator.next() }.kind == .unauthorized)
    #expect(try await iterator.next() == nil)
    #expect(transport.requests.count == 2)
  }

  @Test func endsWithItsTask() async throws {
    let transport = ScriptedTransport { request in
      let start = cursor(request.target).map { $0 + 1 } ?? 0
      return Reply(200, page(start..<start + 3, hasMore: "true"))
    }
    let client = BatchClient.test(transport)
    let walk = Task {
      try await failure {
        for try await batch in client.batches(pageSize: 3) where batch.id == "batch_4" {
          withUnsafeCurrentTask { $0?.cancel() }
        }
      }
    }
    #expect(try await walk.value.isCancellation)
    #expect(transport.requests.count == 2)
  }
}
