// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import OpenAIBatchConformance
import Synchronization
import Testing

private let request = CreateBatchRequest(inputFileID: "file-2", endpoint: .responses)

/// A server that makes the batch and then breaks off, at every byte of its answer.
@Suite struct CutAnswerTests {
  enum Ending: CaseIterable { case close, reset }

  @Test(arguments: Wire.allCases, Ending.allCases)
  func makesOneBatch(wire: Wire, ending: Ending) async throws {
    let length = Mutex(Int.max)
    let services = Mutex<[Int: FakeBatches]>([:])
    let cut = Mutex(0)
    let server = try LoopbackServer { connection in
      while let request = connection.readRequest() {
        let position = cut.withLock { $0 }
        guard let service = services.withLock({ $0[position] }) else { return }
        let answer = service.answer(request.method, request.target, request.body)?.text ?? "{}"
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        let bytes = Array("\(head)Content-Length: \(answer.utf8.count)\r\n\r\n\(answer)".utf8)
        guard request.method == "POST" else {
          guard connection.send(bytes) else { return }
          continue
        }
        length.withLock { $0 = bytes.count }
        connection.send(Array(bytes.prefix(position)))
        if position >= bytes.count { continue }
        if ending == .reset { connection.reset() }
        return
      }
    }
    defer { server.stop() }
    let client = BatchClient.loopback(server, wire) {
      $0.clock = PolicyClock(VirtualClock()) { testEpoch }
    }

    var position = 0
    while position <= length.withLock({ $0 }) {
      let service = FakeBatches()
      services.withLock { $0 = [position: service] }
      cut.withLock { $0 = position }
      let before = server.requests.count
      let batch = try await client.createBatch(request)
      #expect(service.all.map(\.id) == [batch.id.rawValue], "cut after \(position) bytes")
      let posts = server.requests[before...].filter { $0.method == "POST" }
      #expect(posts.count == 1, "cut after \(position) bytes")
      position = next(after: position, wire)
    }
    #expect(position > 300)
  }

  /// A connection that ends inside a response's header ends the process inside Foundation, so with
  /// `URLSession` on Linux only the other places are tried.
  private func next(after position: Int, _ wire: Wire) -> Int {
    #if canImport(FoundationNetworking)
    if wire == .urlSession, position == 0 { return 80 }
    #endif
    return position + 1
  }

  @Test(arguments: Wire.allCases)
  func sendsOnceMoreWhenTheServerTookNothing(wire: Wire) async throws {
    let service = FakeBatches()
    let hasDropped = Mutex(false)
    let server = try LoopbackServer { connection in
      while let request = connection.readRequest() {
        let isFirst = hasDropped.withLock { hasDropped in
          defer { hasDropped = true }
          return !hasDropped
        }
        if isFirst { return }
        let answer = service.answer(request.method, request.target, request.body)?.text ?? "{}"
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(answer.utf8.count)\r\n\r\n\(answer)")
      }
    }
    defer { server.stop() }
    let clock = VirtualClock()
    let client = BatchClient.loopback(server, wire) { $0.clock = PolicyClock(clock) { testEpoch } }
    let batch = try await client.createBatch(request)
    #expect(service.all.map(\.id) == [batch.id.rawValue])
    #expect(clock.sleeps == [.seconds(10)])
    #expect(server.requests.filter { $0.method == "POST" }.count == 2)
  }
}
