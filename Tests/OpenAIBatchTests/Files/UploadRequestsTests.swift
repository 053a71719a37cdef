// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchSimulator
import Synchronization
import Testing

@testable import OpenAIBatch

private struct Prompt: Encodable {
  var model = "gpt-test"
  var input: String
}

private func row(_ number: Int, id: String? = nil, model: String = "gpt-test") -> BatchRequest {
  BatchRequest(
    customID: id ?? "row-\(number)", endpoint: .responses, body: Prompt(model: model, input: "n \(number)"))
}

@Suite struct UploadRequestsTests {
  private func content(_ client: BatchClient, _ file: FileObject) async throws -> String {
    var bytes: [UInt8] = []
    for try await chunk in client.content(of: file.id) { bytes += chunk }
    return String(decoding: bytes, as: UTF8.self)
  }

  private let expected = (1...3).map {
    #"{"custom_id":"row-\#($0)","method":"POST","url":"/v1/responses","body":{"input":"n \#($0)","model":"gpt-test"}}"#
      + "\n"
  }.joined()

  @Test func uploadsASequence() async throws {
    let client = BatchClient.test(BatchSimulator().transport)
    let file = try await client.uploadRequests((1...3).lazy.map { row($0) }, named: "mine.jsonl")
    #expect(file.filename == "mine.jsonl")
    #expect(file.purpose == .batch)
    #expect(file.bytes == expected.utf8.count)
    #expect(try await content(client, file) == expected)
  }

  @Test func uploadsAnAsyncSequence() async throws {
    let client = BatchClient.test(BatchSimulator().transport)
    let (rows, continuation) = AsyncStream.makeStream(of: BatchRequest.self)
    for number in 1...3 { continuation.yield(row(number)) }
    continuation.finish()
    let file = try await client.uploadRequests(rows)
    #expect(file.filename.hasPrefix("requests-") && file.filename.hasSuffix(".jsonl"))
    #expect(try await client.uploadRequests([row(1)]).filename != file.filename)
    #expect(try await content(client, file) == expected)
  }

  @Test func drawsNoMoreRowsWhenItIsCancelled() async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let client = BatchClient.test(transport)
    let drawn = Mutex(0)
    let task = Task {
      try await client.uploadRequests(
        (1...1000).lazy.map { number in
          drawn.withLock { $0 += 1 }
          if number == 10 { withUnsafeCurrentTask { $0?.cancel() } }
          return row(number)
        })
    }
    let error = try await failure { try await task.value }
    #expect(error.kind == .cancelled)
    #expect(drawn.withLock { $0 } < 20)
    #expect(transport.requests.isEmpty)
  }

  @Test func passesOnTheErrorOfTheRows() async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let rows = AsyncThrowingStream<BatchRequest, any Error> { continuation in
      continuation.yield(row(1))
      continuation.finish(throwing: UnexpectedSuccess())
    }
    await #expect(throws: UnexpectedSuccess.self) {
      try await BatchClient.test(transport).uploadRequests(rows)
    }
    #expect(transport.requests.isEmpty)
  }

  @Test func listsWhatIsWrongWithTheRows() async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let rows = [row(1), row(2, id: "row-1"), row(3, model: "gpt-other")]
    let error = try await failure { try await BatchClient.test(transport).uploadRequests(rows) }
    #expect(error.kind == .invalidRequest)
    #expect(error.operation == "uploadRequests")
    let lines = error.message.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("requests.jsonl:2: duplicate_custom_id: ") && lines[0].hasSuffix("line 1"))
    #expect(lines[1].hasPrefix("requests.jsonl:3: mismatched_model: "))
    #expect(transport.requests.isEmpty)
  }

  @Test func saysWhichRowHasNoJSONForm() async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let rows = [row(1), BatchRequest(customID: "bad", endpoint: .responses, body: ["x": Double.nan])]
    let error = try await failure { try await BatchClient.test(transport).uploadRequests(rows) }
    #expect(error.kind == .invalidRequest)
    #expect(error.message.contains("bad"))
    #expect(transport.requests.isEmpty)
  }

  /// Azure takes 100,000 lines, others fewer than OpenAI.
  @Test(arguments: [(4, true), (3, true), (2, false)])
  func takesAnotherServicesLimits(rows: Int, fits: Bool) async throws {
    let client = BatchClient.test(BatchSimulator().transport)
    let limits = RequestFile.Limits(rows: rows, bytes: 1 << 20)
    let (stream, continuation) = AsyncStream.makeStream(of: BatchRequest.self)
    for number in 1...3 { continuation.yield(row(number)) }
    continuation.finish()
    if fits {
      _ = try await client.uploadRequests((1...3).map { row($0) }, limits: limits)
      _ = try await client.uploadRequests(stream, limits: limits)
    } else {
      let error = try await failure {
        try await client.uploadRequests((1...3).map { row($0) }, limits: limits)
      }
      #expect(error.message.contains("at most 2 rows"))
    }
  }

  @Test func refusesNoRows() async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let error = try await failure {
      try await BatchClient.test(transport).uploadRequests([BatchRequest]())
    }
    #expect(error.message.contains("empty_file"))
    #expect(transport.requests.isEmpty)
  }

  @Test(arguments: [
    (RequestFile.Limits(rows: 3, bytes: 1 << 20), 4, "at most 3 rows"),
    (RequestFile.Limits(rows: 100, bytes: 1000), 10, "at most 1000 bytes"),
  ])
  func stopsAtTheLimitOfABatch(limits: RequestFile.Limits, most: Int, words: String) throws {
    let spool = try RowSpool(limits: limits)
    var count = 0
    let error = try #require(throws: BatchClientError.self) {
      while true {
        count += 1
        try spool.append(row(count))
      }
    }
    #expect(error.kind == .invalidRequest)
    #expect(error.message.contains(words))
    #expect(count <= most)
  }

  @Test func leavesNoTemporaryFile() async throws {
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
    let mark = "left-\(UUID())"
    @Sendable func isLeft() throws -> Bool {
      try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("openai-batch-") }
        .contains { name in
          let path = "\(folder)/\(name)"
          let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
          // Ours has one row.
          guard let size, size < 1000, let text = FileManager.default.contents(atPath: path) else {
            return false
          }
          return text.range(of: Data(mark.utf8)) != nil
        }
    }
    let wasThere = Mutex(false)
    let transport = ScriptedTransport { request throws(TransportFailure) in
      wasThere.withLock { $0 = (try? isLeft()) == true }
      if request.number == 1 { throw .scripted(.malformed) }
      return Reply(200, fileText())
    }
    let client = BatchClient.test(transport)
    _ = try await failure { try await client.uploadRequests([row(1, id: mark)]) }
    _ = try await client.uploadRequests([row(1, id: mark)])
    #expect(wasThere.withLock { $0 })
    _ = try await failure { try await client.uploadRequests([row(1, id: mark), row(2, id: mark)]) }
    #expect(try !isLeft())
  }
}
