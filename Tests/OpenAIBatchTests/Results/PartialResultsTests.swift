// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

@Suite struct PartialResultsTests {
  private func read(_ results: BatchResults) async throws -> [String] {
    var seen: [String] = []
    for try await result in results { seen.append(words(result)) }
    return seen
  }

  @Test func areReadByNameOnly() async throws {
    let client = BatchClient.test(resultServer(["out": lines(answerLine("a"), answerLine("b"))]))
    let batch = endedBatch(.inProgress, output: "out")
    #expect(try await failure { try await read(client.results(of: batch)) }.kind == .notEnded)
    #expect(try await read(client.results(of: batch, partial: true)) == ["a=yes", "b=yes"])
  }

  @Test func areNotThereWithoutAFile() async throws {
    let client = BatchClient.test(resultServer([:]))
    for batch in [endedBatch(.inProgress), endedBatch(.validating, output: "")] {
      #expect(
        try await failure { try await read(client.results(of: batch, partial: true)) }.kind == .notEnded)
    }
  }

  @Test func areAllResultsOfABatchThatHasEnded() async throws {
    let client = BatchClient.test(resultServer(["out": answerLine("a"), "err": rejectionLine("b")]))
    let batch = endedBatch(output: "out", error: "err")
    #expect(try await read(client.results(of: batch, partial: true)) == ["a=yes", "b!rejected"])
    #expect(
      try await failure { try await read(client.results(of: endedBatch(.expired), partial: true)) }.kind
        == .noResults)
  }

  @Test func leaveOutALineThatIsStillBeingWritten() async throws {
    let growing = answerLine("a") + "\noops\n" + answerLine("b") + "\n" + answerLine("c").prefix(60)
    let client = BatchClient.test(
      resultServer(["out": growing, "err": String(rejectionLine("d").prefix(30))]))
    let batch = endedBatch(.inProgress, output: "out", error: "err")
    #expect(try await read(client.results(of: batch, partial: true)) == ["a=yes", "!invalid", "b=yes"])
  }

  @Test func keepABadLastLineThatNobodyIsWriting() async throws {
    let cut = String(answerLine("b").prefix(60))
    for (batch, content) in [
      (endedBatch(output: "out"), answerLine("a") + "\n" + cut),
      (endedBatch(.inProgress, output: "out"), lines(answerLine("a"), cut)),
    ] {
      let client = BatchClient.test(resultServer(["out": content]))
      #expect(try await read(client.results(of: batch, partial: true)) == ["a=yes", "b!invalid"])
    }
  }

  @Test func leaveOutALineOfAFileThatIsStillWritten() async throws {
    let text = answerLine("a") + "\n" + answerLine("b").prefix(60)
    let transport = ScriptedTransport { _ in Reply(200, headers: [.named("X-Incomplete"): "true"], text) }
    let results = BatchClient.test(transport).results(of: endedBatch(output: "out"), partial: true)
    #expect(try await read(results) == ["a=yes"])
  }

  @Test func comeInTheOrderOfTheInput() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      ["a", "b", "c"].map { #"{"custom_id":"\#($0)"}"# + "\n" }.joined(), to: "in.jsonl")
    let client = BatchClient.test(resultServer(["out": lines(answerLine("c"), answerLine("a"))]))
    let results = client.orderedResults(
      of: endedBatch(.inProgress, output: "out"), input: path, partial: true)
    #expect(try await read(results) == ["a=yes", "b!missing", "c=yes"])
  }

  /// Some services go on writing a file, and say so, when the batch has ended by its status.
  @Test func areTakenForNothingElse() async throws {
    let transport = ScriptedTransport { request in
      Reply(200, headers: [.named("X-Incomplete"): "true", .named("X-Last-Line"): "1"], answerLine("a"))
    }
    let client = BatchClient.test(transport)
    let batch = endedBatch(output: "out")
    let error = try await failure { try await read(client.results(of: batch)) }
    #expect(error.kind == .notEnded && error.message.contains("not complete"))
    #expect(try await read(client.results(of: batch, partial: true)) == ["a=yes"])
    var content: [UInt8] = []
    for try await chunk in client.content(of: "out") { content += chunk }
    #expect(content == Array(answerLine("a").utf8))
  }
}
