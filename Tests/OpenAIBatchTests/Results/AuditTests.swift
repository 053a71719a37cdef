// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchSimulator
import Testing

@Suite struct AuditTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func input(_ ids: [String]) throws -> String {
    try folder.write(
      ids.map {
        #"{"custom_id":"\#($0)","method":"POST","url":"/v1/responses","body":{"model":"m","input":"x"}}"#
          + "\n"
      }
      .joined(), to: "in.jsonl")
  }

  /// What must hold of every audit.
  private func checkSums(_ audit: BatchAudit, rows: Int) {
    #expect(audit.rows == rows)
    #expect(audit.answered + audit.failed.values.reduce(0, +) == rows, "\(audit)")
    #expect(audit.groups.map(\.count).reduce(0, +) == audit.failed.values.reduce(0, +))
  }

  @Test func accountsForEveryRow() async throws {
    let transport = resultServer([
      "out": lines(
        answerLine("a", tokens: 5), answerLine("b", tokens: 7), answerLine("b", tokens: 100), answerLine("x"),
        answerLine("g", tokens: 1)),
      "err": lines(
        rejectionLine("c"), rejectionLine("d"), rejectionLine("e", status: 429, code: "slow_down"),
        notRunLine("f"), rejectionLine("g"), rejectionLine("c"), notRunLine("y")),
    ])
    let audit = try await BatchClient.test(transport).audit(
      endedBatch(output: "out", error: "err"),
      input: try input(["a", "b", "c", "d", "e", "f", "g", "h", "i"]))

    checkSums(audit, rows: 9)
    #expect(audit.answered == 3)
    #expect(audit.failed == [.rejected: 3, .expired: 1, .missing: 2])
    #expect(audit.missing == 2)
    #expect(audit.duplicates == 3 && audit.duplicateIDs == ["b", "g", "c"])
    #expect(audit.unexpected == 2 && audit.unexpectedIDs == ["x", "y"])
    #expect(audit.usage.totalTokens == 13)
    #expect(
      audit.groups.map { "\($0.kind) \($0.code?.rawValue ?? "-") \($0.count) \($0.exampleID)" } == [
        "missing - 2 h", "rejected invalid_value 2 c", "expired batch_expired 1 f", "rejected slow_down 1 e",
      ])
    #expect(
      audit.description
        == "3 answered, 3 rejected, 2 missing, 1 expired, 3 duplicate, 2 unexpected (of 9 rows)")
    let error = try #require(throws: BatchClientError.self) { try audit.requireComplete() }
    #expect(error.kind == .incomplete && error.message.contains("2 missing"))
  }

  @Test func letsAnAnswerWinOverAFailure() async throws {
    let transport = resultServer([
      "out": lines(notRunLine("a"), answerLine("b")), "err": lines(answerLine("a"), notRunLine("b")),
    ])
    let audit = try await BatchClient.test(transport).audit(
      endedBatch(output: "out", error: "err"), input: try input(["a", "b"]))
    checkSums(audit, rows: 2)
    #expect(audit.answered == 2 && audit.duplicates == 2)
    #expect(!audit.isComplete)
  }

  @Test func isCompleteWhenEveryRowIsAnswered() async throws {
    let transport = resultServer(["out": lines(answerLine("b"), answerLine("a"))])
    let audit = try await BatchClient.test(transport).audit(
      endedBatch(output: "out"), input: try input(["a", "b"]))
    checkSums(audit, rows: 2)
    #expect(audit.isComplete)
    try audit.requireComplete()
  }

  @Test func countsLinesThatCannotBeRead() async throws {
    let transport = resultServer(["out": lines(String(answerLine("a").prefix(50)), answerLine("b"))])
    let audit = try await BatchClient.test(transport).audit(
      endedBatch(output: "out"), input: try input(["a", "b"]))
    checkSums(audit, rows: 2)
    #expect(audit.failed == [.invalid: 1] && audit.unexpected == 0, "the id can be read")
  }

  @Test func countsRowsThatCannotBeJoined() async throws {
    let path = try folder.write(
      [
        #"{"custom_id":"a"}"#, "not JSON", #"{"custom_id":7}"#, "", #"{"custom_id":""}"#,
        #"{"custom_id":"a"}"#,
        #"{"custom_id":"b"}"#,
      ].joined(separator: "\n"), to: "in.jsonl")
    let transport = resultServer(["out": lines(answerLine("a"), answerLine("b"))])
    let audit = try await BatchClient.test(transport).audit(endedBatch(output: "out"), input: path)
    checkSums(audit, rows: 6)
    #expect(audit.answered == 2)
    #expect(audit.failed == [.invalid: 4])
    #expect(!audit.isComplete)
  }

  @Test func tellsIDsApartThatOnlyLookTheSame() async throws {
    let transport = resultServer(["out": lines(answerLine("\u{E9}"))])
    let audit = try await BatchClient.test(transport).audit(
      endedBatch(output: "out"), input: try input(["\u{E9}", "e\u{301}"]))
    checkSums(audit, rows: 2)
    #expect(audit.answered == 1 && audit.missing == 1)
  }

  @Test func asksForABatchThatIsNamedByItsID() async throws {
    let transport = resultServer(
      ["out": lines(answerLine("a"))], batch: batchText(fields: ["output_file_id": "out"]))
    let audit = try await BatchClient.test(transport).audit("batch_1", input: try input(["a", "b"]))
    checkSums(audit, rows: 2)
    #expect(audit.answered == 1 && audit.missing == 1)
    #expect(transport.lines.first == "GET /v1/batches/batch_1")
  }

  @Test func countsAllRowsOfABatchWithoutFilesAsMissing() async throws {
    let audit = try await BatchClient.test(resultServer([:])).audit(
      endedBatch(.cancelled), input: try input(["a", "b"]))
    checkSums(audit, rows: 2)
    #expect(audit.failed == [.missing: 2])
  }

  @Test func countsAllRowsOfABatchWithEmptyFilesAsMissing() async throws {
    var batch = endedBatch(.cancelled, output: "out")
    batch.requestCounts = RequestCounts(total: 2)
    let audit = try await BatchClient.test(resultServer(["out": ""])).audit(
      batch, input: try input(["a", "b"]))
    checkSums(audit, rows: 2)
    #expect(audit.failed == [.missing: 2])
  }

  @Test func sumsTokensWithoutOverflow() async throws {
    let transport = resultServer(["out": lines(answerLine("a", tokens: .max), answerLine("b", tokens: .max))])
    let audit = try await BatchClient.test(transport).audit(
      endedBatch(output: "out"), input: try input(["a", "b"]))
    #expect(
      audit.usage.totalTokens == .max && audit.usage.outputTokens == .max && audit.usage.inputTokens == 2)
  }

  @Test func saysWhatElseCameBack() async throws {
    let transport = resultServer(["out": lines(answerLine("a"), answerLine("x"))])
    let audit = try await BatchClient.test(transport).audit(
      endedBatch(output: "out"), input: try input(["a"]))
    let error = try #require(throws: BatchClientError.self) { try audit.requireComplete() }
    #expect(error.message.hasPrefix("All rows are answered, but") && error.message.contains("1 unexpected"))
  }

  @Test func doesNotAccountForWhatDidNotRun() async throws {
    let client = BatchClient.test(resultServer([:]))
    let path = try input(["a"])
    let errors = [BatchError(code: "empty_file")]
    #expect(
      try await failure { try await client.audit(endedBatch(.failed, errors: errors), input: path) }.kind
        == .batchFailed)
    #expect(
      try await failure { try await client.audit(endedBatch(.inProgress), input: path) }.kind == .notEnded)
    #expect(
      try await failure { try await client.audit(endedBatch(output: "gone"), input: path) }.kind == .notFound)
    #expect(
      try await failure {
        try await client.audit(endedBatch(output: "out"), input: "\(folder.path)/none")
      }.kind == .file)
  }

  @Test func isExactForABatchThatWentWrongInEveryWay() async throws {
    let clock = VirtualClock()
    let simulator = BatchSimulator(
      configuration: .init(
        clock: clock, startTime: Date(timeIntervalSince1970: testEpoch), seed: 7,
        faults: [.dropRows(3), .duplicateRows(2)]
      ) { request in
        switch request.customID.suffix(1) {
        case "7": .failure(status: 400, code: "invalid_value")
        case "9": .expired
        default: .echo
        }
      })
    let client = BatchClient.test(simulator.transport, clock: clock)
    let ids = (0..<500).map { "row-\($0)" }
    let path = try input(ids)
    let file = try await client.uploadFile(at: path)
    let batch = try await client.createBatch(.init(inputFileID: file.id, endpoint: .responses))
    let audit = try await client.audit(try await client.waitUntilEnded(batch.id), input: path)
    checkSums(audit, rows: 500)
    #expect(audit.missing == 3)
    #expect(audit.duplicates == 2)
    #expect(audit.unexpected == 0)
    #expect(audit.answered >= 397 && audit.answered <= 400)
  }
}
