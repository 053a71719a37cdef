// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct BatchGoldenTests {
  /// What each state's file holds. Comparing whole batches compares every field.
  static let states: [String: Batch] = [
    "States/validating": golden(1, .validating) {
      $0.metadata = ["team": "search", "run": "nightly-117"]
    },
    "States/in_progress": golden(2, .inProgress) {
      $0.model = "gpt-5.4-mini-2026-03-05"
      $0.inProgressAt = moment(3)
      $0.requestCounts = RequestCounts(total: 1200, completed: 350, failed: 2)
      $0.metadata = [:]
    },
    "States/finalizing": golden(3, .finalizing, .responses) {
      $0.model = "gpt-5.4-mini-2026-03-05"
      $0.inProgressAt = moment(3)
      $0.finalizingAt = moment(2131)
      $0.requestCounts = RequestCounts(total: 1200, completed: 1198, failed: 2)
    },
    "States/completed": golden(4, .completed, .responses) {
      $0.model = "gpt-5.4-mini-2026-03-05"
      $0.outputFileID = "file-Out3Jd8KsW1NfG6HtUq5Eb"
      $0.errorFileID = "file-Err5Pc2VbX7MyA4DgSj8Lw"
      $0.inProgressAt = moment(3)
      $0.finalizingAt = moment(2131)
      $0.completedAt = moment(2133)
      $0.requestCounts = RequestCounts(total: 1200, completed: 1198, failed: 2)
      $0.usage = TokenUsage(
        inputTokens: 482_113, cachedTokens: 20_480, outputTokens: 96_004, reasoningTokens: 51_200,
        totalTokens: 578_117)
      $0.metadata = ["openai_batch_key": "0f7c1d9ab2"]
    },
    "States/completed_all_failed": golden(5, .completed) {
      $0.model = "gpt-5.4-mini-2026-03-05"
      $0.errorFileID = "file-Err5Pc2VbX7MyA4DgSj8Lw"
      $0.inProgressAt = moment(3)
      $0.finalizingAt = moment(41)
      $0.completedAt = moment(42)
      $0.requestCounts = RequestCounts(total: 9, completed: 0, failed: 9)
      $0.usage = TokenUsage(inputTokens: 0, outputTokens: 0)
    },
    "States/failed": golden(6, .failed) {
      $0.failedAt = moment(7)
      $0.errors = [
        BatchError(
          code: .invalidJSONLine, message: "This line is not parseable as valid JSON.", line: 3),
        BatchError(
          code: "missing_required_parameter", message: "A required parameter is missing.",
          param: "custom_id", line: 17),
        BatchError(
          code: "invalid_url", message: "The URL differs from the endpoint of the batch.", param: "url",
          line: 18),
      ]
    },
    "States/expired": golden(7, .expired) {
      $0.model = "gpt-5.4-mini-2026-03-05"
      $0.outputFileID = "file-Out3Jd8KsW1NfG6HtUq5Eb"
      $0.errorFileID = "file-Err5Pc2VbX7MyA4DgSj8Lw"
      $0.inProgressAt = moment(3)
      $0.finalizingAt = moment(86_400)
      $0.expiredAt = moment(86_412)
      $0.requestCounts = RequestCounts(total: 10, completed: 1, failed: 0)
      $0.usage = TokenUsage(inputTokens: 412, outputTokens: 57)
    },
    "States/cancelling": golden(8, .cancelling, .embeddings) {
      $0.model = "text-embedding-3-small"
      $0.inProgressAt = moment(3)
      $0.cancellingAt = moment(60)
      $0.requestCounts = RequestCounts(total: 50_000, completed: 1710, failed: 0)
    },
    "States/cancelled": golden(9, .cancelled, .embeddings) {
      $0.model = "text-embedding-3-small"
      $0.outputFileID = "file-Out3Jd8KsW1NfG6HtUq5Eb"
      $0.errorFileID = "file-Err5Pc2VbX7MyA4DgSj8Lw"
      $0.inProgressAt = moment(3)
      $0.finalizingAt = moment(131)
      $0.cancellingAt = moment(60)
      $0.cancelledAt = moment(140)
      $0.requestCounts = RequestCounts(total: 50_000, completed: 1924, failed: 3)
      $0.usage = TokenUsage(inputTokens: 23_088, outputTokens: 0)
      $0.metadata = ["team": "search"]
    },
  ]

  /// The eight states of the service, and `completed` with nothing but failures.
  @Test func everyStateHasAFile() throws {
    #expect(try GoldenFile.names(in: "States") == Set(Self.states.keys))
    #expect(Set(Self.states.values.map(\.status)).count == 8)
  }

  @Test(arguments: states.keys.sorted())
  func aStateDecodes(name: String) throws {
    let file = try GoldenFile(name)
    #expect(try JSONValue(parsing: file.bytes).members.count == 22)
    #expect(try file.decode(as: Batch.self) == Self.states[name])
  }

  @Test(arguments: states.keys.sorted())
  func aStateIsEncodedAsTheServiceSendsIt(name: String) throws {
    let file = try GoldenFile(name)
    let encoded = try JSONText.encode(file.decode(as: Batch.self))
    #expect(try jsonObject(encoded) == jsonObject(file.bytes))
    #expect(try JSONText.decode(Batch.self, from: encoded[...]) == Self.states[name])
  }

  @Test func stateOfUnfinishedRequests() {
    #expect(Self.states["States/expired"]?.requestCounts.unfinished == 9)
    #expect(Self.states["States/completed_all_failed"]?.requestCounts.unfinished == 0)
  }

  static func golden(
    _ number: Int, _ status: BatchStatus, _ endpoint: BatchEndpoint = .chatCompletions,
    _ edit: (inout Batch) -> Void = { _ in }
  ) -> Batch {
    let suffix = number < 10 ? "0\(number)" : "\(number)"
    var batch = Batch(
      id: BatchID("batch_6ad2f0b1c3d44e5f8a9b0c1d2e3f40\(suffix)"), endpoint: endpoint,
      inputFileID: "file-In7Qx2LmV4RkT9WbZpY3Ca", status: status, createdAt: moment())
    batch.expiresAt = moment(86_400)
    edit(&batch)
    return batch
  }

  /// A second name for a moment is not looked at when the first one has it.
  @Test func aDeadlineNobodyNeedsIsNotRead() throws {
    let json = #"{"id":"b","expires_at":1764000000,"job_deadline":"in 24 h"}"#
    let batch = try JSONText.decode(Batch.self, from: Array(json.utf8)[...])
    #expect(batch.expiresAt == Date(timeIntervalSince1970: 1_764_000_000))
  }
}
