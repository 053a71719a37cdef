// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct BatchResponseVectorsTests {
  static let embeddings: [(body: String, embedding: [Float]?, embeddings: [[Float]])] = [
    (#"{"data":[{"index":0,"embedding":[0.1,-2e-3,1]}]}"#, [0.1, -0.002, 1], [[0.1, -0.002, 1]]),
    // 1, -2 and the least float, as `encoding_format` `base64` gives them.
    (
      #"{"data":[{"index":0,"embedding":"AACAPwAAAMABAAAA"}]}"#,
      [1, -2, .leastNonzeroMagnitude], [[1, -2, .leastNonzeroMagnitude]]
    ),
    (#"{"data":[{"index":0,"embedding":[]}]}"#, [], [[]]),
    (#"{"data":[{"index":0,"embedding":""}]}"#, [], [[]]),
    (#"{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]}"#, [2], [[1], [2]]),
    (#"{"data":[{"embedding":[1]},{"embedding":[2]}]}"#, [1], [[1], [2]]),
    (#"{"data":[{"embedding":[1,"x"]},{"embedding":[2]}]}"#, nil, []),
    (#"{"data":[{"embedding":[1,null]}]}"#, nil, []), (#"{"data":[{"embedding":[[1]]}]}"#, nil, []),
    (#"{"data":[{"embedding":"AAAA"}]}"#, nil, []), (#"{"data":[{"embedding":"?"}]}"#, nil, []),
    (#"{"data":[{"embedding":[1e39]}]}"#, nil, []), (#"{"data":[{"embedding":{}}]}"#, nil, []),
    (#"{"data":[]}"#, nil, []), (#"{"data":null}"#, nil, []),
    (#"{"data":{"embedding":[1]}}"#, nil, []), ("{}", nil, []),
  ]

  @Test(arguments: embeddings.indices)
  func readsEmbeddings(index: Int) throws {
    let (body, embedding, embeddings) = Self.embeddings[index]
    let response = try BatchResponse(body: Array(body.utf8))
    #expect(response.embedding == embedding)
    #expect(response.embeddings == embeddings)
    #expect(response.moderations.isEmpty)
    #expect(response.isFlagged == nil)
  }

  @Test func readsModerations() throws {
    let response = try BatchResponse(
      body: Array(
        #"{"id":"modr-1","model":"m","results":[{"flagged":false,"categories":{},"category_scores":{}},{"flagged":true,"categories":{"violence/graphic":true,"hate":false},"category_scores":{"violence/graphic":0.98,"hate":1e-7}}]}"#
          .utf8))
    #expect(
      response.moderations == [
        Moderation(flagged: false),
        Moderation(
          flagged: true, categories: ["violence/graphic": true, "hate": false],
          categoryScores: ["violence/graphic": 0.98, "hate": 1e-7]),
      ])
    #expect(response.isFlagged == true)
    #expect(response.embedding == nil)
  }

  @Test(
    arguments: [
      (#"{"results":[{"flagged":false}]}"#, false), (#"{"results":[{"flagged":"yes"}]}"#, nil),
      (#"{"results":[]}"#, nil), (#"{"results":null}"#, nil), ("[]", nil),
    ] as [(String, Bool?)])
  func isFlagged(body: String, flagged: Bool?) throws {
    #expect(try BatchResponse(body: Array(body.utf8)).isFlagged == flagged)
  }
}
