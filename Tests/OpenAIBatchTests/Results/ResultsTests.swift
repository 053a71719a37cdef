// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchConformance
import Testing

@Suite struct ResultsTests {
  private func read(_ transport: ScriptedTransport, _ batch: Batch) async throws -> [String] {
    var seen: [String] = []
    for try await result in BatchClient.test(transport).results(of: batch) { seen.append(words(result)) }
    return seen
  }

  @Test(arguments: [BatchStatus.completed, .expired, .cancelled, .failed])
  func readsBothFilesInEveryEnd(status: BatchStatus) async throws {
    let transport = resultServer([
      "out": lines(answerLine("a"), answerLine("b", "no")), "err": lines(rejectionLine("c"), notRunLine("d")),
    ])
    #expect(
      try await read(transport, endedBatch(status, output: "out", error: "err"))
        == ["a=yes", "b=no", "c!rejected", "d!expired"])
    #expect(transport.lines == ["GET /v1/files/out/content", "GET /v1/files/err/content"])
  }

  @Test func readsTheFileThatThereIs() async throws {
    let transport = resultServer(["out": answerLine("a"), "err": notRunLine("b", code: "batch_cancelled")])
    #expect(try await read(transport, endedBatch(output: "out")) == ["a=yes"])
    #expect(try await read(transport, endedBatch(.cancelled, error: "err")) == ["b!cancelled"])
    #expect(
      try await read(transport, endedBatch(output: "out", error: "out")) == ["a=yes"],
      "named twice, read once")
  }

  @Test(arguments: ["", "\n", "\r\n\r\n"])
  func readsAnEmptyErrorFile(content: String) async throws {
    let transport = resultServer(["out": answerLine("a"), "err": content])
    #expect(try await read(transport, endedBatch(output: "out", error: "err")) == ["a=yes"])
  }

  @Test(arguments: [BatchStatus.completed, .cancelled, .expired])
  func saysThatTheFilesAreEmpty(status: BatchStatus) async throws {
    let transport = resultServer(["out": "", "err": "\n"])
    var batch = endedBatch(status, output: "out", error: "err")
    batch.requestCounts = RequestCounts(total: 2)
    let error = try await failure { try await read(transport, batch) }
    #expect(error.kind == .noResults && error.message.contains("its files are empty"))
    batch.requestCounts = RequestCounts()
    #expect(try await read(transport, batch).isEmpty, "a batch without rows")
  }

  @Test func takesAnEmptyFileIDForNone() async throws {
    let batch = batchText(fields: ["output_file_id": "out", "error_file_id": ""])
    let transport = resultServer(["out": answerLine("a")], batch: batch)
    var seen: [String] = []
    for try await result in BatchClient.test(transport).results(of: "batch_1" as BatchID) {
      seen.append(words(result))
    }
    #expect(seen == ["a=yes"])
    #expect(transport.lines == ["GET /v1/batches/batch_1", "GET /v1/files/out/content"])
  }

  @Test(arguments: [BatchStatus.validating, .inProgress, .finalizing, .cancelling, "queued", ""])
  func saysThatTheBatchHasNotEnded(status: BatchStatus) async throws {
    let transport = resultServer(["out": answerLine("a")])
    let error = try await failure { try await read(transport, endedBatch(status, output: "out")) }
    #expect(error.kind == .notEnded)
    #expect(error.operation == "results")
    #expect(error.message.contains("batch_1"))
    #expect(transport.requests.isEmpty)
  }

  @Test func saysWhyTheBatchFailed() async throws {
    let errors = (1...25).map { BatchError(code: "invalid_json_line", message: "Not JSON.", line: $0) }
    let error = try await failure { try await read(resultServer([:]), endedBatch(.failed, errors: errors)) }
    #expect(error.kind == .batchFailed)
    #expect(error.batchErrors == errors)
    #expect(error.message.contains("line 20: invalid_json_line: Not JSON.\nand 5 more"))
    let silent = try await failure { try await read(resultServer([:]), endedBatch(.failed)) }
    #expect(silent.kind == .batchFailed && silent.message.contains("no reason"))
  }

  @Test(arguments: [BatchStatus.completed, .expired, .cancelled])
  func isNeverSilentlyEmpty(status: BatchStatus) async throws {
    let error = try await failure { try await read(resultServer([:]), endedBatch(status)) }
    #expect(error.kind == .noResults)
    #expect(error.message.contains("\(status)"))
  }

  @Test func reportsEachOddLineAndLosesNoOther() async throws {
    let cut = String(answerLine("cut").prefix(40))
    let transport = resultServer([
      "out": lines(
        answerLine("a"), cut, "", "null", "[]", "{}", #"{"custom_id":null,"response":null,"error":null}"#,
        #"{"custom_id":"s","response":{"status_code":200,"body":"a text"}}"#,
        #"{"custom_id":"z","response":{"status_code":0}}"#, #"{"custom_id":7,"response":"x"}"#,
        answerLine("b", "one\u{2028}two"), notRunLine("n", code: "request_timeout"),
        notRunLine("o", code: "out_of_luck")) + answerLine("last")
    ])
    #expect(
      try await read(transport, endedBatch(output: "out")) == [
        "a=yes", "cut!invalid", "!invalid", "!invalid", "!invalid", "!invalid", "s=?", "z!invalid",
        "!invalid",
        "b=one\u{2028}two", "n!timed_out", "o!out_of_luck", "last=yes",
      ])
  }

  @Test func reportsALineThatIsTooLong() async throws {
    let long = answerLine("long", String(repeating: "x", count: 17 << 20))
    let transport = resultServer(["out": lines(answerLine("a"), long, answerLine("b"))])
    #expect(try await read(transport, endedBatch(output: "out")) == ["a=yes", "long!invalid", "b=yes"])
  }

  @Test func losesNothingElseWhenTheOutputFileIsGone() async throws {
    let transport = resultServer(["err": lines(rejectionLine("c"), notRunLine("d"))])
    var seen: [String] = []
    let error = try await failure {
      for try await result in BatchClient.test(transport).results(of: endedBatch(output: "out", error: "err"))
      {
        seen.append(words(result))
      }
    }
    #expect(seen == ["c!rejected", "d!expired"])
    #expect(error.kind == .notFound && error.status == 404)
    #expect(error.message == "The file out is not there: No such File object.")
  }

  @Test func isOverAfterAnError() async throws {
    let transport = resultServer([:])
    var results = BatchClient.test(transport).results(of: endedBatch(output: "out")).makeAsyncIterator()
    #expect(try await failure { try await results.next() }.kind == .notFound)
    #expect(try await results.next() == nil)
    #expect(transport.requests.count == 1)
  }

  /// Cancelled while further rows are there, and when the next file is due: it gets the error, then nothing.
  @Test(arguments: 0...3)
  func endsWhenItsTaskIsCancelled(rows: Int) async throws {
    let transport = resultServer([
      "out": lines(answerLine("a"), answerLine("b"), answerLine("c")), "err": rejectionLine("d"),
    ])
    let client = BatchClient.test(transport)
    let task = Task {
      var results = client.results(of: endedBatch(output: "out", error: "err")).makeAsyncIterator()
      for _ in 0..<rows { #expect(try await results.next() != nil) }
      withUnsafeCurrentTask { $0?.cancel() }
      let error = try await failure { try await results.next() }
      #expect(try await results.next() == nil)
      return error.isCancellation
    }
    #expect(try await task.value)
    #expect(transport.lines == ["GET /v1/files/out/content"].filter { _ in rows > 0 })
  }

  private struct Label: Decodable, Equatable {
    struct Choice: Decodable, Equatable { var message: Message }
    struct Message: Decodable, Equatable { var content: String }
    var choices: [Choice]
  }

  @Test func decodesEachAnswer() async throws {
    let transport = resultServer(
      [
        "out": lines(
          answerLine("a"), #"{"custom_id":"b","response":{"status_code":200,"body":{"choices":7}}}"#,
          answerLine("c")), "err": rejectionLine("d"),
      ], batch: batchText(fields: ["output_file_id": "out", "error_file_id": "err"]))
    let client = BatchClient.test(transport)
    for byID in [false, true] {
      var labels: [String] = []
      var failures: [RowFailure] = []
      let results =
        byID
        ? client.results(of: "batch_1" as BatchID, as: Label.self)
        : client.results(of: endedBatch(output: "out", error: "err"), as: Label.self)
      for try await result in results {
        switch result.outcome {
        case .success(let label): labels.append("\(result.customID)=\(label.choices[0].message.content)")
        case .failure(let failure): failures.append(failure)
        }
      }
      #expect(labels == ["a=yes", "c=yes"])
      #expect(failures.map(\.kind) == [.undecodable, .rejected])
      #expect(failures.first?.raw == Array(#"{"choices":7}"#.utf8))
      #expect(failures.last?.apiError?.code == "invalid_value")
    }
  }

  @Test(arguments: Wire.allCases)
  func streamsOverARealConnection(wire: Wire) async throws {
    let output = (0..<5000).map { answerLine("row-\($0)", "ä\u{2028}\($0)") + "\r\n" }.joined()
    let server = try LoopbackServer.answering { request in
      LoopbackAnswer(body: request.target.hasSuffix("/out/content") ? output : notRunLine("late"))
    }
    defer { server.stop() }
    var ids: [String] = []
    let batch = endedBatch(.expired, output: "out", error: "err")
    for try await result in BatchClient.loopback(server, wire).results(of: batch) {
      ids.append(result.customID)
    }
    #expect(ids == (0..<5000).map { "row-\($0)" } + ["late"])
  }
}
