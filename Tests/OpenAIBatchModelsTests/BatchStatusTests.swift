// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchModels
import Testing

struct BatchStatusTests {
  static let spellings: [(BatchStatus, isTerminal: Bool, spellings: [String])] = [
    (.validating, false, ["validating", "Validating", "VALIDATING"]),
    (.failed, true, ["failed", "Failed", "FAILED"]),
    (
      .inProgress, false,
      ["in_progress", "InProgress", "IN_PROGRESS", "in-progress", "In Progress", "inProgress", "inprogress"]
    ),
    (.finalizing, false, ["finalizing", "Finalizing", "FINALIZING"]),
    (.completed, true, ["completed", "Completed", "COMPLETED"]),
    (.expired, true, ["expired", "Expired", "EXPIRED"]),
    (.cancelling, false, ["cancelling", "Cancelling", "CANCELLING", "canceling", "Canceling", "CANCELING"]),
    (.cancelled, true, ["cancelled", "Cancelled", "CANCELLED", "canceled", "Canceled", "CANCELED"]),
  ]

  @Test(arguments: spellings.indices)
  func aKnownStateIsRecognised(index: Int) throws {
    let (status, isTerminal, spellings) = Self.spellings[index]
    #expect(status.isTerminal == isTerminal)
    for spelling in spellings {
      #expect(BatchStatus(spelling) == status)
      #expect(BatchStatus(rawValue: spelling).rawValue == spellings[0])
      #expect(try decode(Batch.self, "{\"id\":\"b\",\"status\":\"\(spelling)\"}").status == status)
      #expect(try decode([BatchStatus].self, "[\"\(spelling)\"]") == [status])
    }
  }

  @Test(arguments: [
    "", "queued", "QUEUED", "SUCCESS", "complete", "cancel", "validating!", "Timeout_Exceeded", "_", "終了",
  ])
  func anUnknownStateIsKeptAsItCame(spelling: String) {
    let status = BatchStatus(spelling)
    #expect(status.rawValue == spelling)
    #expect(status.description == spelling)
    #expect(!status.isTerminal)
  }

  @Test(arguments: ["null", "7", "{}", "[]", "true"])
  func aStatusOfAnotherTypeIsUnknown(json: String) throws {
    #expect(try decode(Batch.self, "{\"id\":\"b\",\"status\":\(json)}").status == "")
  }
}
