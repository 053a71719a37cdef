// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Synchronization
import Testing

struct ResponseBodyTests {
  @Test func collectJoinsTheChunks() async throws {
    let source = Chunks([[1, 2], [3], [4, 5, 6]])
    #expect(try await ResponseBody(source).collect(upTo: 6) == [1, 2, 3, 4, 5, 6])
  }

  @Test func collectIsBounded() async throws {
    let source = Chunks([[1, 2], [3]])
    let failure = await #expect(throws: TransportFailure.self) {
      _ = try await ResponseBody(source).collect(upTo: 2)
    }
    #expect(failure?.kind == .tooLarge)
    #expect(source.wasAbandoned)
  }

  @Test func droppingTheBodyAbandonsTheTransfer() {
    let source = Chunks([[1]])
    do { _ = ResponseBody(source) }
    #expect(source.wasAbandoned)
  }

  @Test func aReaderKeepsTheTransferAlive() async throws {
    let source = Chunks([[1], [2]])
    do {
      let reader = ResponseBody(source).makeReader()
      #expect(try await reader.next() == [1])
      #expect(!source.wasAbandoned)
    }
    #expect(source.wasAbandoned)
  }

  @Test func aRequestShowsNoHeaders() {
    var head = HTTPRequest(method: .get, scheme: "https", authority: "host", path: "/v1/batches")
    head.headerFields[.authorization] = "Bearer sk-canary"
    let request = TransportRequest(head: head, operation: "listBatches")
    var dumped = ""
    dump(request, to: &dumped)
    for text in ["\(request)", String(reflecting: request), dumped] { #expect(!text.contains("sk-canary")) }
  }
}

private final class Chunks: ResponseBodySource {
  private let state: Mutex<(chunks: ArraySlice<[UInt8]>, abandoned: Bool)>
  init(_ chunks: [[UInt8]]) { state = Mutex((chunks[...], false)) }
  var wasAbandoned: Bool { state.withLock { $0.abandoned } }
  func next() -> ArraySlice<UInt8>? { state.withLock { $0.chunks.popFirst().map { $0[...] } } }
  func abandon() { state.withLock { $0.abandoned = true } }
}
