// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

/// Shapes that compatible providers send in place of the documented one.
struct ProviderGoldenTests {
  static let providers: [String: Batch] = [
    "Providers/azure_validating": batch("batch_a1d7e2c4-1f0b-4c7e-9d58-3f6b2a9c0e11", .validating) {
      $0.inputFileID = "file-5c0f7e1b2d3a4968"
      $0.createdAt = moment(0.1234567)
      $0.expiresAt = moment(86_400.1234567)
    },
    "Providers/azure_canceled": batch("batch_a1d7e2c4-1f0b-4c7e-9d58-3f6b2a9c0e12", .cancelled) {
      $0.inputFileID = "file-5c0f7e1b2d3a4968"
      $0.errorFileID = "file-9b8a7c6d5e4f3021"
      $0.cancellingAt = moment(2800.5)
      $0.cancelledAt = moment(2862.25)
      $0.requestCounts = RequestCounts(total: 100_000)
      $0.metadata = ["priority": "3", "nightly": "true", "ratio": "0.5", "team": "search"]
    },
    "Providers/together_created": together(.validating) { _ in },
    "Providers/together_failed": together(.failed) {
      $0.errors = [BatchError(message: "line 4: model not found")]
      $0.completedAt = moment(100)
    },
    "Providers/novita_failed": batch("batch_d41k8v3", .failed, .chatCompletions) {
      $0.inputFileID = "file_d41k7p9"
      $0.completionWindow = CompletionWindow("48h")
      $0.createdAt = moment(0.123456789)
      $0.expiresAt = moment(172_800.123456789)
      $0.failedAt = moment(5)
      $0.errors = [BatchError(message: "the input file could not be parsed")]
    },
    "Providers/bella_completed": batch("BATCH-20260921-0001", .completed, .chatCompletions) {
      $0.inputFileID = "FILE-260921-IN"
      $0.outputFileID = "FILE-260921-OUT"
      $0.createdAt = moment(0.25)
      $0.inProgressAt = moment(3)
      $0.finalizingAt = moment(50)
      $0.completedAt = moment(52)
      $0.requestCounts = RequestCounts(total: 40, completed: 40)
      $0.metadata = [:]
    },
    "Providers/empty_error_file_id": BatchGoldenTests.golden(10, .completed, .responses) {
      let completed = BatchGoldenTests.states["States/completed"]
      $0.model = completed?.model
      $0.outputFileID = completed?.outputFileID
      $0.inProgressAt = completed?.inProgressAt
      $0.finalizingAt = completed?.finalizingAt
      $0.completedAt = completed?.completedAt
      $0.requestCounts = RequestCounts(total: 1200, completed: 1200)
      $0.usage = completed?.usage
      $0.metadata = completed?.metadata
    },
    "Providers/keys_left_out": Batch(
      id: "batch_min", endpoint: .completions, inputFileID: "file-min", status: .inProgress,
      createdAt: moment()),
    "Providers/id_only": Batch(
      id: "batch_only", endpoint: "", inputFileID: "", completionWindow: "", status: "",
      createdAt: Date(timeIntervalSince1970: 0)),
    "Providers/unknown_status": BatchGoldenTests.golden(
      11, "Waiting_For_Capacity", "/v1/audio/transcriptions"
    ) {
      $0.completionWindow = "168h"
    },
    "Providers/unknown_fields": BatchGoldenTests.golden(12, .inProgress),
    "Providers/errors_bare_array": BatchGoldenTests.golden(13, .failed) {
      $0.failedAt = moment(7)
      $0.errors = [
        BatchError(code: "400", message: "bad line", line: 12), BatchError(message: "a text"),
        BatchError(code: "empty_file"),
      ]
    },
    "Providers/counts_missing": BatchGoldenTests.golden(14, .validating),
    "Providers/float_and_digit_timestamps": BatchGoldenTests.golden(15, .completed) {
      $0.createdAt = moment(0.75)
      $0.inProgressAt = moment(3)
      $0.finalizingAt = moment(9)
      $0.completedAt = moment(10)
    },
  ]

  @Test func everyFileIsExpected() throws {
    #expect(try GoldenFile.names(in: "Providers") == Set(Self.providers.keys))
  }

  @Test(arguments: providers.keys.sorted())
  func aShapeDecodesAndComesRound(name: String) throws {
    let batch = try GoldenFile(name).decode(as: Batch.self)
    #expect(batch == Self.providers[name])
    #expect(try JSONText.decode(Batch.self, from: JSONText.encode(batch)[...]) == batch)
  }

  @Test func anUnknownStatusIsKeptAndNotTerminal() throws {
    let status = try GoldenFile("Providers/unknown_status").decode(as: Batch.self).status
    #expect(status.rawValue == "Waiting_For_Capacity")
    #expect(!status.isTerminal)
  }

  private static func batch(
    _ id: BatchID, _ status: BatchStatus, _ endpoint: BatchEndpoint = "", _ edit: (inout Batch) -> Void
  ) -> Batch {
    var batch = Batch(id: id, endpoint: endpoint, inputFileID: "", status: status, createdAt: moment())
    batch.expiresAt = moment(86_400)
    edit(&batch)
    return batch
  }

  private static func together(_ status: BatchStatus, _ edit: (inout Batch) -> Void) -> Batch {
    batch("7f3b9a52-6c1e-4d0a-b8f7-2e5d4c3b1a09", status, .chatCompletions) {
      $0.inputFileID = "file-bd2e6f10-77aa-4c3d-9f21-0a1b2c3d4e5f"
      $0.model = "meta-llama/Llama-4-70B-Instruct"
      $0.completionWindow = ""
      $0.createdAt = moment(0.518)
      edit(&$0)
    }
  }
}
