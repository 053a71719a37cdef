// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct ListResponsesTests {
  @Test func aPageOfBatches() throws {
    let page = try batches("Lists/batches", limit: 20)
    #expect(page.object == "list")
    #expect(page.data.map(\.status) == [.completed, .validating])
    #expect(page.data.first == BatchGoldenTests.states["States/completed"])
    #expect(page.firstID == page.data.first?.id)
    #expect(page.lastID == page.data.last?.id)
    #expect(page.hasMore)
  }

  @Test func anEmptyPage() throws {
    let page = try batches("Lists/batches_empty", limit: 20)
    #expect(page.data.isEmpty)
    #expect(page.firstID == nil)
    #expect(page.lastID == nil)
    #expect(!page.hasMore)
  }

  @Test func whatTheServerLeftOpenIsNoPartOfAPage() throws {
    let envelope = try ListEnvelope<Batch>(parsing: Array(#"{"object":"list","data":[]}"#.utf8)[...])
    let page = ListBatchesResponse(envelope, limit: 20)
    #expect(page == ListBatchesResponse(data: []))
    #expect(page.hashValue == ListBatchesResponse(data: []).hashValue)
    #expect(page != ListBatchesResponse(data: [], hasMore: true))
  }

  @Test func azureSaysValueInPlaceOfData() throws {
    let page = try batches("Lists/azure_value", limit: 20)
    #expect(page.data == [BatchGoldenTests.states["States/failed"]])
    #expect(page.lastID == page.data.first?.id)
    #expect(page.object == "list")
  }

  @Test(arguments: [(1, true), (2, true), (3, false), (100, false)])
  func togetherSendsABareArray(limit: Int, hasMore: Bool) throws {
    let page = try batches("Lists/together_array", limit: limit)
    #expect(page.data.map(\.status) == [.completed, .inProgress])
    #expect(page.firstID == "7f3b9a52-6c1e-4d0a-b8f7-2e5d4c3b1a09")
    #expect(page.lastID == "0e9d8c7b-1111-4a2b-8c3d-4e5f60718293")
    #expect(page.hasMore == hasMore)
  }

  @Test func aPageOfFiles() throws {
    let list = try GoldenFile("Lists/files").decode(as: ListEnvelope<FileObject>.self)
    let page = ListFilesResponse(list, limit: 10_000)
    #expect(page.data.map(\.purpose) == [.batchOutput])
    #expect(page.firstID == "file-Out3Jd8KsW1NfG6HtUq5Eb")
    #expect(page.lastID == page.firstID)
    #expect(!page.hasMore)
  }

  static let envelopes: [(json: String, count: Int, hasMore: Bool?)] = [
    (#"{"data":[]}"#, 0, nil), (#"{"data":null}"#, 0, nil), (#"{"value":null}"#, 0, nil),
    (#"{"data":null,"has_more":false}"#, 0, false), ("[]", 0, nil), (#"[{"id":"a"}]"#, 1, nil),
    (#"{"data":[{"id":"a"}],"has_more":true}"#, 1, true),
    (#"{"data":[{"id":"a"}],"has_more":null,"first_id":"","last_id":7,"object":null,"x":1}"#, 1, nil),
    (#"{"value":[{"id":"a"},{"id":"b"}],"has_more":"true"}"#, 2, true),
    (#"{"data":[{"id":"a"}],"has_more":1}"#, 1, true), (#"{"data":[],"has_more":"False"}"#, 0, false),
    (#"{"data":[],"has_more":"maybe"}"#, 0, nil),
  ]

  @Test(arguments: envelopes.indices)
  func envelopesThatAreRead(index: Int) throws {
    let (json, count, hasMore) = Self.envelopes[index]
    let list = try decode(ListEnvelope<Batch>.self, json)
    #expect(list.data.count == count)
    #expect(list.hasMore == hasMore)
    #expect(list.object == "list")
    #expect(list.firstID == nil)
    #expect(list.lastID == nil)
    #expect(ListBatchesResponse(list, limit: 2).hasMore == hasMore ?? (count == 2))
    #expect(ListBatchesResponse(list, limit: 2).lastID == list.data.last?.id)
  }

  /// An error that came with status 200 must not pass for an empty page: a caller would take it for the end.
  @Test(arguments: [
    ("{}", ""), (#"{"error":{"message":"no"}}"#, ""), ("null", ""), ("7", ""), (#""text""#, ""),
    (#"{"data":{}}"#, "data"), (#"{"data":[{"status":"completed"}]}"#, "data[0]"),
    (#"[{"id":"a"},{"id":""}]"#, "[1].id"),
    (#"{"data":[{"id":"a","created_at":"soon"}]}"#, "data[0].created_at"),
  ])
  func envelopesThatAreErrors(json: String, path: String) {
    let failure = #expect(throws: JSONFailure.self) { try decode(ListEnvelope<Batch>.self, json) }
    #expect(failure?.path == path)
  }

  private func batches(_ name: String, limit: Int) throws -> ListBatchesResponse {
    ListBatchesResponse(try GoldenFile(name).decode(as: ListEnvelope<Batch>.self), limit: limit)
  }
}
