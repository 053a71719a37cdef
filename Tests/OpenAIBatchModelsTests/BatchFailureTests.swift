// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchModels
import Testing

struct BatchFailureTests {
  static let inputFault = BatchError(code: .invalidJSONLine, message: "bad", line: 3)

  static let failures: [(errors: [BatchError], failure: BatchFailure)] = [
    ([], .unknown),
    ([BatchError()], .unknown),
    ([BatchError(message: "something broke")], .unknown),
    ([BatchError(code: "server_error")], .unknown),
    // The service also says this about a file that its own Files API serves.
    ([BatchError(code: "invalid_request", message: "cannot find file", param: "file_id")], .unknown),
    ([BatchError(code: .tokenLimitExceeded)], .retryLater),
    ([inputFault, BatchError(code: .tokenLimitExceeded)], .retryLater),
    ([BatchError(code: "billing_hard_limit_reached")], .billing),
    ([BatchError(code: "insufficient_quota")], .billing),
    ([inputFault, BatchError(code: "credit_balance_exhausted")], .billing),
    ([inputFault], .fixInput([inputFault])),
    ([BatchError(message: "odd", line: 1)], .fixInput([BatchError(message: "odd", line: 1)])),
    ([BatchError(code: "empty_file")], .fixInput([BatchError(code: "empty_file")])),
    ([BatchError(code: .duplicateCustomID)], .fixInput([BatchError(code: .duplicateCustomID)])),
    ([BatchError(), inputFault], .fixInput([BatchError(), inputFault])),
  ]

  @Test(arguments: failures.indices)
  func whatToDoAboutAFailedBatch(index: Int) {
    let (errors, failure) = Self.failures[index]
    #expect(batch(.failed, errors).failure == failure)
  }

  @Test(arguments: [
    BatchStatus.validating, .inProgress, .finalizing, .completed, .expired, .cancelling, .cancelled, "new",
  ])
  func noOtherStateIsAFailure(status: BatchStatus) {
    #expect(batch(status, [Self.inputFault]).failure == nil)
  }

  @Test(arguments: [
    ("null", 0), ("\"\"", 0), ("[]", 0), ("{}", 0), ("{\"data\":null}", 0), ("{\"data\":[]}", 0), ("7", 0),
    ("true", 0), ("{\"object\":\"list\"}", 0), ("\"text\"", 1), ("[\"text\",null,{}]", 2),
    ("{\"data\":[{\"code\":\"x\"}]}", 1), ("{\"code\":\"x\",\"message\":\"m\"}", 1),
    ("{\"data\":\"text\"}", 0),
  ])
  func formsOfErrors(json: String, count: Int) throws {
    #expect(try decode(Batch.self, "{\"id\":\"b\",\"errors\":\(json)}").errors.count == count)
  }

  @Test(arguments: [
    (BatchError(code: "c", message: "m", param: "p", line: 12), "line 12: c: m"),
    (BatchError(message: "m"), "m"),
    (BatchError(), "no reason given"),
  ])
  func inWords(error: BatchError, text: String) {
    #expect(error.description == text)
  }

  private func batch(_ status: BatchStatus, _ errors: [BatchError]) -> Batch {
    var batch = Batch(
      id: "b", endpoint: .responses, inputFileID: "f", status: status, createdAt: moment())
    batch.errors = errors
    return batch
  }
}
