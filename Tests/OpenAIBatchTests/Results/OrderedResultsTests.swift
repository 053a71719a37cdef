// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Synchronization
import Testing

@Suite struct OrderedResultsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func input(_ ids: String...) throws -> String {
    try folder.write(ids.map { #"{"custom_id":"\#($0)","body":{}}"# + "\n" }.joined(), to: "in.jsonl")
  }

  private func read(_ results: BatchResults) async throws -> [String] {
    var seen: [String] = []
    for try await result in results { seen.append(words(result)) }
    return seen
  }

  private let files = [
    "out": lines(
      answerLine("c"), answerLine("a", "first"), answerLine("a", "second"), answerLine("foreign"),
      answerLine("f")),
    "err": lines(
      notRunLine("e"), rejectionLine("b"), rejectionLine("c"), notRunLine("b"), rejectionLine("g"),
      #"{"custom_id":null,"response":null,"error":{"code":"x"}}"#, answerLine("g", "late")),
  ]

  @Test func givesOneResultForEachRowInOrder() async throws {
    let client = BatchClient.test(resultServer(files))
    let batch = endedBatch(output: "out", error: "err")
    let path = try input("a", "b", "c", "d", "e", "f", "g")
    #expect(
      try await read(client.orderedResults(of: batch, input: path)) == [
        "a=first", "b!rejected", "c=yes", "d!missing", "e!expired", "f=yes", "g=late",
      ])
    let audit = try await client.audit(batch, input: path)
    #expect(audit.answered == 4 && audit.rows == 7)
    #expect(audit.failed == [.rejected: 1, .expired: 1, .missing: 1])
    #expect(audit.duplicates == 4 && audit.duplicateIDs == ["a", "c", "b", "g"])
    #expect(audit.unexpected == 2 && audit.unexpectedIDs == ["foreign", ""])
  }

  @Test func explainsRowsThatCannotJoin() async throws {
    let path = try folder.write(
      [#"{"custom_id":"a"}"#, "oops", "", #"{"custom_id":"a"}"#, #"{"custom_id":""}"#, #"{"custom_id":"b"}"#]
        .joined(separator: "\n"), to: "in.jsonl")
    let transport = resultServer(["out": lines(answerLine("b"), answerLine("a"))])
    let results = BatchClient.test(transport).orderedResults(of: endedBatch(output: "out"), input: path)
    #expect(try await read(results) == ["a=yes", "!invalid", "a!invalid", "!invalid", "b=yes"])
  }

  @Test func keepsWhatALineSaid() async throws {
    let cut = String(answerLine("cut").prefix(40))
    let long = answerLine("long", String(repeating: "x", count: 17 << 20))
    let transport = resultServer(["out": lines("", rejectionLine("r"), cut, long)])
    let client = BatchClient.test(transport)
    let batch = endedBatch(output: "out")
    var direct: [RowFailure] = []
    for try await result in client.results(of: batch) {
      if case .failure(let failure) = result.outcome { direct.append(failure) }
    }
    var ordered: [RowFailure] = []
    for try await result in client.orderedResults(of: batch, input: try input("long", "cut", "r")) {
      if case .failure(let failure) = result.outcome { ordered.append(failure) }
    }
    #expect(direct.count == 3)
    #expect(ordered == direct.reversed())
  }

  private struct Answer: Decodable { var usage: [String: Int] }

  @Test func decodesEachAnswerInOrder() async throws {
    let batch = batchText(fields: ["output_file_id": "out", "error_file_id": "err"])
    let client = BatchClient.test(resultServer(files, batch: batch))
    let path = try input("d", "c", "b", "a")
    for byID in [false, true] {
      let results =
        byID
        ? client.orderedResults(of: "batch_1" as BatchID, input: path, as: Answer.self)
        : client.orderedResults(of: endedBatch(output: "out", error: "err"), input: path, as: Answer.self)
      var seen: [String] = []
      for try await result in results {
        let tokens = (try? result.outcome.get())?.usage["total_tokens"]
        seen.append("\(result.customID) \(tokens ?? 0)")
      }
      #expect(seen == ["d 0", "c 3", "b 0", "a 3"])
    }
  }

  @Test func marksAllRowsOfABatchWithoutFilesAsMissing() async throws {
    let results = BatchClient.test(resultServer([:])).orderedResults(
      of: endedBatch(.cancelled), input: try input("a", "b"))
    #expect(try await read(results) == ["a!missing", "b!missing"])
  }

  @Test(arguments: [
    (deleted: "err", expected: ["a=first", "b!missing"]),
    (deleted: "out", expected: ["a!missing", "b!rejected"]),
  ])
  func losesNothingElseWhenAFileIsGone(deleted: String, expected: [String]) async throws {
    var files = files
    files[deleted] = nil
    let client = BatchClient.test(resultServer(files))
    let batch = endedBatch(output: "out", error: "err")
    let path = try input("a", "b")
    var seen: [String] = []
    let error = try await failure {
      for try await result in client.orderedResults(of: batch, input: path) { seen.append(words(result)) }
    }
    #expect(error.kind == .notFound && error.status == 404)
    #expect(seen == expected)
    let audit = try await client.audit(batch, input: path)
    #expect(audit.deletedFiles == 1 && audit.answered + audit.missing + (audit.failed[.rejected] ?? 0) == 2)
    #expect(audit.description.contains("1 result file deleted"))
  }

  @Test func saysWhyThereIsNothing() async throws {
    let client = BatchClient.test(resultServer([:]))
    let path = try input("a")
    func kind(_ batch: Batch, _ input: String) async throws -> BatchClientError.Kind {
      try await failure { try await read(client.orderedResults(of: batch, input: input)) }.kind
    }
    #expect(try await kind(endedBatch(output: "gone", error: "gone too"), path) == .notFound)
    #expect(try await kind(endedBatch(.inProgress), path) == .notEnded)
    #expect(try await kind(endedBatch(.failed), path) == .batchFailed)
    #expect(try await kind(endedBatch(.cancelled), "\(folder.path)/none") == .file)
  }

  @Test func isOverAfterAnError() async throws {
    let transport = resultServer([:])
    var results = BatchClient.test(transport).orderedResults(
      of: endedBatch(output: "out"), input: try input("a")
    ).makeAsyncIterator()
    #expect(try await failure { try await results.next() }.kind == .notFound)
    #expect(try await results.next() == nil)
    #expect(transport.requests.count == 1)
  }

  @Test func endsWhenItsTaskIsCancelled() async throws {
    let client = BatchClient.test(resultServer(files))
    let path = try input("a", "b")
    let task = Task {
      var results = client.orderedResults(of: endedBatch(output: "out"), input: path).makeAsyncIterator()
      _ = try await results.next()
      withUnsafeCurrentTask { $0?.cancel() }
      return try await results.next()
    }
    #expect(try await failure { try await task.value }.isCancellation)
  }

  /// Cancelled while it waits for rows that are being made: it gets the error, and not the first of them.
  @Test func endsWhenItsTaskIsCancelledWhileItWaits() async throws {
    let client = BatchClient.test(resultServer(files))
    let (start, go) = AsyncStream.makeStream(of: Never.self)
    let task = Task {
      for await _ in start {}
      var results = client.results(of: endedBatch(output: "out"), as: CancelsItsReader.self)
        .makeAsyncIterator()
      return try await results.next()
    }
    CancelsItsReader.cancel.withLock { $0 = { task.cancel() } }
    go.finish()
    #expect(try await failure { try await task.value }.isCancellation)
  }

  @Test func readsResultFilesOnDisk() async throws {
    let paths = try files.sorted { $0.key > $1.key }.map { try folder.write($0.value, to: $0.key) }
    let path = try input("a", "b", "c", "d", "e", "f", "g")
    let audit = try BatchAudit(ofResultFiles: paths, input: path)
    #expect(
      try await audit
        == BatchClient.test(resultServer(files)).audit(endedBatch(output: "out", error: "err"), input: path))
    #expect(
      try await failure { try BatchAudit(ofResultFiles: ["\(folder.path)/none"], input: path) }.kind == .file)
  }
}

private struct CancelsItsReader: Decodable, Sendable {
  static let cancel = Mutex<(@Sendable () -> Void)?>(nil)

  init(from decoder: any Decoder) throws { Self.cancel.withLock { $0?() } }
}
