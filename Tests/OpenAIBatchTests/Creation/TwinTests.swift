// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

private let request = CreateBatchRequest(inputFileID: "file-2", endpoint: .responses)

/// The batches that a first request makes late, and a second one at once.
@Suite struct TwinTests {
  /// Answers as `service`, but makes the first create's batch only when the second create comes.
  private func lateTransport(
    _ service: FakeBatches, hidesSecond: Bool = false, failsSecond: Bool = false
  ) -> ScriptedTransport {
    ScriptedTransport { request throws(TransportFailure) in
      guard request.method == "POST", request.path.hasSuffix("/batches") else {
        let reply = service.reply(to: request)
        guard hidesSecond, request.method == "GET", service.all.count == 2 else { return reply }
        return Reply(200, #"{"data":[\#(FakeBatches.text(service.all[0]))]}"#)
      }
      guard request.number > 1 else { throw .scripted(.timedOut) }
      _ = service.reply(to: request)
      let second = service.reply(to: request)
      if failsSecond { throw .scripted(.interrupted) }
      return second
    }
  }

  @Test(arguments: [false, true], [false, true])
  func keepsTheFirstAndCancelsTheSecond(dropsMetadata: Bool, failsSecond: Bool) async throws {
    let service = FakeBatches(dropsMetadata: dropsMetadata)
    let transport = lateTransport(service, failsSecond: failsSecond)
    let batch = try await BatchClient.test(transport).createBatch(request)
    #expect(batch.id == "batch_1")
    #expect(service.cancelled == ["batch_2"])
  }

  @Test func cancelsASecondThatTheListDoesNotShowYet() async throws {
    let service = FakeBatches()
    let batch = try await BatchClient.test(lateTransport(service, hidesSecond: true)).createBatch(request)
    #expect(batch.id == "batch_1")
    #expect(service.live.map(\.id) == ["batch_1"])
  }

  @Test func saysSoWhenItCannotLookForTheFirst() async throws {
    let service = FakeBatches()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      if request.number == 1 { throw .scripted(.timedOut) }
      return request.method == "GET" && !service.all.isEmpty ? Reply(500) : service.reply(to: request)
    }
    let error = try await failure { try await BatchClient.test(transport).createBatch(request) }
    #expect(error.kind == .outcomeUnknown)
    #expect(error.key != nil)
  }

  @Test func cancelsTheTwinMadeBehindOurBack() async throws {
    let service = FakeBatches()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      guard request.method == "POST", request.path.hasSuffix("/batches") else {
        return service.reply(to: request)
      }
      // Something between sends it twice and loses both answers.
      _ = service.reply(to: request)
      _ = service.reply(to: request)
      throw .scripted(.interrupted)
    }
    let batch = try await BatchClient.test(transport).createBatch(request)
    #expect(batch.id == "batch_1")
    #expect(service.cancelled == ["batch_2"])
    #expect(transport.lines.filter { $0 == "POST /v1/batches" }.count == 1)
  }
}

/// Providers that do not give metadata back.
@Suite struct DroppedMetadataTests {
  private func losing(_ service: FakeBatches) -> ScriptedTransport {
    ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      if request.method == "POST", request.number == 1 { throw .scripted(.interrupted) }
      return reply
    }
  }

  @Test func adoptsByFileAndEndpoint() async throws {
    let service = FakeBatches(dropsMetadata: true)
    let batch = try await BatchClient.test(losing(service)).createBatch(request)
    #expect(service.all.map(\.id) == [batch.id.rawValue])
    #expect(batch.metadata == nil)
  }

  @Test(arguments: [
    FakeBatches.Entry(id: "x", createdAt: Int(testEpoch), inputFileID: "file-3"),
    FakeBatches.Entry(id: "x", createdAt: Int(testEpoch), inputFileID: "file-2", endpoint: "/v1/embeddings"),
    FakeBatches.Entry(id: "x", createdAt: Int(testEpoch) - 601, inputFileID: "file-2"),
    FakeBatches.Entry(
      id: "x", createdAt: Int(testEpoch), metadata: ["openai_batch_key": "other"], inputFileID: "file-2"),
    FakeBatches.Entry(id: "x", createdAt: Int(testEpoch), metadata: ["a": "b"], inputFileID: "file-2"),
  ])
  func doesNotAdoptAnother(entry: FakeBatches.Entry) async throws {
    let service = FakeBatches([entry])
    let transport = ScriptedTransport { request throws(TransportFailure) in
      if request.number == 1 { throw .scripted(.interrupted) }
      return service.reply(to: request)
    }
    let batch = try await BatchClient.test(transport).createBatch(request)
    #expect(batch.id != "x")
    #expect(service.all.count == 2 && service.cancelled.isEmpty)
  }

  @Test func takesTheNewestAndCancelsNone() async throws {
    // One that was made on purpose some minutes ago, of the same file.
    let earlier = FakeBatches.Entry(id: "earlier", createdAt: Int(testEpoch) - 300, inputFileID: "file-2")
    let service = FakeBatches([earlier], dropsMetadata: true)
    let batch = try await BatchClient.test(losing(service)).createBatch(request)
    #expect(batch.id == "batch_2")
    #expect(service.cancelled.isEmpty)
  }

  @Test func prefersTheMark() async throws {
    let alike = FakeBatches.Entry(id: "alike", createdAt: Int(testEpoch) + 1, inputFileID: "file-2")
    let service = FakeBatches([alike])
    let batch = try await BatchClient.test(losing(service)).createBatch(request)
    #expect(batch.id == "batch_2")
    #expect(service.cancelled.isEmpty)
  }

  @Test(arguments: ["null", "\"\"", "0"])
  func findsABatchWithoutATime(createdAt: String) async throws {
    let service = FakeBatches()
    let transport = ScriptedTransport { request throws(TransportFailure) in
      let reply = service.reply(to: request)
      if request.method == "POST" { throw .scripted(.interrupted) }
      var text = String(decoding: reply.chunks.joined(), as: UTF8.self)
      text = text.replacingOccurrences(of: "\"created_at\":1800000000", with: "\"created_at\":\(createdAt)")
      return Reply(200, text)
    }
    let batch = try await BatchClient.test(transport).createBatch(request)
    #expect(service.all.map(\.id) == [batch.id.rawValue])
  }
}
