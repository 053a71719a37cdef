// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct CreateBatchRequestTests {
  @Test func sendsOnlyWhatWasGiven() throws {
    let least = CreateBatchRequest(inputFileID: "file-1", endpoint: .responses)
    #expect(
      String(decoding: try JSONText.encode(least), as: UTF8.self)
        == #"{"completion_window":"24h","endpoint":"/v1/responses","input_file_id":"file-1"}"#)
    let most = CreateBatchRequest(
      inputFileID: "file-1", endpoint: .responses, completionWindow: "48h", metadata: ["team": "search"],
      outputExpiresAfter: FileExpiration(anchor: .createdAt, seconds: 604_800))
    let encoded = try JSONText.encode(most)
    #expect(
      String(decoding: encoded, as: UTF8.self)
        == #"{"completion_window":"48h","endpoint":"/v1/responses","input_file_id":"file-1","metadata":{"team":"search"},"output_expires_after":{"anchor":"created_at","seconds":604800}}"#
    )
    #expect(try JSONText.decode(CreateBatchRequest.self, from: encoded[...]) == most)
  }

  @Test(arguments: [0, 1, 15, 16])
  func metadataOfUpTo16Pairs(count: Int) throws {
    try request(metadata: pairs(count)).validate()
  }

  @Test(arguments: [17, 1000])
  func metadataOfMorePairs(count: Int) {
    #expect(
      throws: InvalidParameter(field: "metadata", value: "\(count) pairs", allowed: "at most 16 pairs")
    ) { try request(metadata: pairs(count)).validate() }
  }

  @Test(arguments: ["k", String(repeating: "k", count: 64), String(repeating: "\u{1F600}", count: 64)])
  func keysOfUpTo64Characters(key: String) throws {
    try request(metadata: [key: ""]).validate()
  }

  @Test(arguments: ["", String(repeating: "k", count: 65), String(repeating: "\u{1F600}", count: 65)])
  func keysOfOtherLengths(key: String) {
    let error = #expect(throws: InvalidParameter.self) { try request(metadata: [key: ""]).validate() }
    #expect(error?.field == "metadata key \"\(key)\"")
    #expect(error?.value == "\(key.unicodeScalars.count) characters")
    #expect(error?.allowed == "1…64 characters")
  }

  /// A character is a Unicode scalar, as the service counts: an accent that stands alone is one more.
  @Test(arguments: [0, 1, 511, 512])
  func valuesOfUpTo512Characters(length: Int) throws {
    try request(metadata: ["a": String(repeating: "é", count: length)]).validate()
  }

  @Test(arguments: [String(repeating: "v", count: 513), String(repeating: "e\u{301}", count: 257)])
  func valuesOfMoreCharacters(value: String) {
    let error = #expect(throws: InvalidParameter.self) {
      try request(metadata: ["ok": "x", "team": value]).validate()
    }
    #expect(error?.field == "metadata.team")
    #expect(error?.value == "\(value.unicodeScalars.count) characters")
    #expect(error?.allowed == "at most 512 characters")
    #expect(error?.description.contains(value) == false)
  }

  @Test(arguments: [3600, 3601, 604_800, 2_591_999, 2_592_000])
  func expiriesFromAnHourToThirtyDays(seconds: Int) throws {
    try request(expiry: seconds).validate()
  }

  @Test(arguments: [Int.min, -1, 0, 3599, 2_592_001, Int.max])
  func otherExpiries(seconds: Int) {
    let error = #expect(throws: InvalidParameter.self) { try request(expiry: seconds).validate() }
    #expect(error?.field == "output_expires_after.seconds")
    #expect(error?.value == "\(seconds)")
    #expect(error?.allowed.hasPrefix("3600…2592000") == true)
  }

  @Test func emptyNamesAreRefused() {
    for (request, field) in [
      (CreateBatchRequest(inputFileID: "", endpoint: .responses), "input_file_id"),
      (CreateBatchRequest(inputFileID: "f", endpoint: ""), "endpoint"),
      (CreateBatchRequest(inputFileID: "f", endpoint: .responses, completionWindow: ""), "completion_window"),
    ] {
      let error = #expect(throws: InvalidParameter.self) { try request.validate() }
      #expect(error?.field == field)
    }
  }

  @Test(arguments: [
    (1, true), (2, true), (100, true), (0, false), (-1, false), (101, false), (Int.max, false),
  ])
  func pageLimits(limit: Int, isValid: Bool) throws {
    if isValid {
      try InvalidParameter.check(limit, in: 1...100, named: "limit")
    } else {
      let error = #expect(throws: InvalidParameter.self) {
        try InvalidParameter.check(limit, in: 1...100, named: "limit")
      }
      #expect(error?.description == "limit is \(limit); it must be 1…100.")
    }
  }

  private func request(
    metadata: [String: String]? = nil, expiry: Int? = nil
  ) -> CreateBatchRequest {
    CreateBatchRequest(
      inputFileID: "file-1", endpoint: .chatCompletions, metadata: metadata,
      outputExpiresAfter: expiry.map { FileExpiration(seconds: $0) })
  }

  private func pairs(_ count: Int) -> [String: String] {
    Dictionary(uniqueKeysWithValues: (0..<count).map { ("key\($0)", "value") })
  }
}
