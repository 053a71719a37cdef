// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import Testing

private let request = CreateBatchRequest(inputFileID: "file-2", endpoint: .responses)

/// Deadlines and cancellation of a create.
@Suite struct CreationTimeTests {
  @Test func hasNoTimeForASecondLook() async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      if request.method == "POST" { throw .scripted(.interrupted) }
      return Reply(200, #"{"data":[]}"#)
    }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).createBatch(
        request, options: CallOptions(timeout: .seconds(10)))
    }
    #expect(error.kind == .outcomeUnknown)
    #expect(error.key != nil)
    #expect(transport.lines == ["POST /v1/batches", "GET /v1/batches"])
    #expect(clock.elapsed == .zero)
  }

  @Test(arguments: [2, 10, 100])
  func leavesTimeToLook(seconds: Int) async throws {
    let clock = VirtualClock()
    let service = FakeBatches()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      guard request.method == "POST" else { return reply }
      // The server took the request and never answers.
      try? await clock.sleep(for: request.timeouts.total ?? .seconds(1000))
      throw .scripted(.timedOut)
    }
    let batch = try await BatchClient.test(transport, clock: clock).createBatch(
      request, options: CallOptions(timeout: .seconds(seconds)))
    #expect(service.all.map(\.id) == [batch.id.rawValue])
    #expect(clock.elapsed < .seconds(seconds))
    #expect(clock.elapsed >= .seconds(seconds) * 0.9)
  }

  @Test(arguments: [1, 5, 9, 11, 15, 19, 25, 60])
  func endsInTime(seconds: Int) async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      // Nothing ever answers.
      try? await clock.sleep(for: request.timeouts.total ?? .seconds(1000))
      throw .scripted(.timedOut)
    }
    let error = try await failure {
      try await BatchClient.test(transport, clock: clock).createBatch(
        request, options: CallOptions(timeout: .seconds(seconds)))
    }
    #expect(error.kind == .outcomeUnknown)
    #expect(error.key != nil)
    #expect(clock.elapsed <= .seconds(seconds))
  }

  @Test func keepsTheKeyWhenCancelledWhilePosting() async throws {
    let service = FakeBatches()
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let transport = ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      guard request.number == 1 else { return reply }
      arrival.finish()
      try? await Task.sleep(for: .seconds(60))
      throw .scripted(.cancelled)
    }
    let client = BatchClient.test(transport)
    let creation = Task { try await failure { try await client.createBatch(request) } }
    for await _ in arrived {}
    creation.cancel()
    let error = try await creation.value
    #expect(error.isCancellation)

    let batch = try await client.createBatch(request, key: try #require(error.key))
    #expect(service.all.map(\.id) == [batch.id.rawValue])
  }

  @Test func keepsTheKeyWhenCancelledWhileWaitingToLook() async throws {
    let clock = VirtualClock(isHeld: true)
    let transport = ScriptedTransport { request throws(TransportFailure) in
      if request.method == "POST" { throw .scripted(.interrupted) }
      return Reply(200, #"{"data":[]}"#)
    }
    let client = BatchClient.test(transport, clock: clock)
    let creation = Task { try await failure { try await client.createBatch(request) } }
    await clock.waitForSleeper()
    creation.cancel()
    let error = try await creation.value
    #expect(error.isCancellation)
    #expect(error.key != nil)
    #expect(transport.lines == ["POST /v1/batches", "GET /v1/batches"])
  }

  @Test func isCancelledBeforeItBegins() async throws {
    let transport = ScriptedTransport { _ in Reply(200, batchText()) }
    let client = BatchClient.test(transport)
    let creation = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await failure { try await client.createBatch(request, key: "my-key") }
    }
    #expect(try await creation.value.isCancellation)
    #expect(transport.requests.isEmpty)
  }
}
