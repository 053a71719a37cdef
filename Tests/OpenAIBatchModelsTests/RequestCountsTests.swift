// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchModels
import Testing

struct RequestCountsTests {
  @Test(arguments: [
    ("null", RequestCounts()), ("{}", RequestCounts()), ("[]", RequestCounts()), ("7", RequestCounts()),
    (#"{"total":null,"completed":null,"failed":null}"#, RequestCounts()),
    (#"{"total":3}"#, RequestCounts(total: 3)),
    (#"{"total":"3","completed":2.0}"#, RequestCounts(total: 3, completed: 2)),
    (#"{"total":1e30,"completed":1,"failed":2}"#, RequestCounts(completed: 1, failed: 2)),
  ])
  func isRead(json: String, counts: RequestCounts) throws {
    #expect(try decode(Batch.self, "{\"id\":\"b\",\"request_counts\":\(json)}").requestCounts == counts)
  }

  @Test(arguments: [
    (RequestCounts(), 0), (RequestCounts(total: 10, completed: 1), 9),
    (RequestCounts(total: 10, completed: 6, failed: 4), 0),
    (RequestCounts(total: 10, completed: 6, failed: 5), 0),
    (RequestCounts(total: 0, completed: .min, failed: 0), 0),
    (RequestCounts(total: .min, completed: .max, failed: .max), 0),
    (RequestCounts(total: .max, completed: .min), .max),
    (RequestCounts(total: .max, completed: .max, failed: .max), 0),
  ])
  func unfinishedNeverTraps(counts: RequestCounts, unfinished: Int) {
    #expect(counts.unfinished == unfinished)
  }
}
