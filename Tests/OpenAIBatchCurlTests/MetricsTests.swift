// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport
import Synchronization
import Testing

/// One value for each call, with what it took.
struct MetricsTests {
  /// Collects what a transport tells.
  private final class Recorder: Sendable {
    private let all = Mutex<[CurlTransport.Metrics]>([])

    func transport(maxConnections: Int = 8) -> CurlTransport {
      CurlTransport(.init(maxConnections: maxConnections, proxy: .none), environment: [:]) { metrics in
        self.all.withLock { $0.append(metrics) }
      }
    }

    /// The metrics of all calls, once the transport has ended.
    func metrics(after transport: CurlTransport) async -> [CurlTransport.Metrics] {
      await transport.shutdown()
      return all.withLock { $0 }
    }
  }

  @Test func aCallThatSucceeds() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(201, body: "12345") }
    defer { server.stop() }
    let recorder = Recorder()
    let transport = recorder.transport()
    for _ in 0..<2 { _ = try await transport.exchange(server.request(.post, body: .bytes([1, 2, 3]))) }
    let metrics = await recorder.metrics(after: transport)
    try #require(metrics.count == 2)
    for one in metrics {
      #expect(one.operation == "conformance")
      #expect(one.authority == "127.0.0.1:\(server.port)")
      #expect(one.status == 201)
      #expect(one.failure == nil)
      #expect(one.httpVersion == "HTTP/1.1")
      #expect(one.sentBytes == 3)
      #expect(one.receivedBytes == 5)
      #expect(one.secured == .zero)
      #expect(one.firstByte > .zero && one.firstByte <= one.total)
      #expect(one.nameLookup <= one.connect && one.connect <= one.total)
    }
    #expect(metrics.map(\.isConnectionReused) == [false, true])
  }

  @Test func aCallThatFails() async throws {
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    }
    let recorder = Recorder()
    let transport = recorder.transport()
    _ = await transport.failure(of: server.request())
    await server.end()
    _ = await transport.failure(of: server.request())
    let metrics = await recorder.metrics(after: transport)
    #expect(metrics.map(\.failure) == [.truncated, .notSent])
    #expect(metrics.map(\.status) == [200, nil])
    #expect(metrics.map(\.receivedBytes) == [3, 0])
    #expect(metrics.map(\.isConnectionReused) == [false, false])
  }

  @Test func theWaitInTheQueueIsTold() async throws {
    let mayAnswer = Event()
    let server = try LoopbackServer { connection in
      while let request = connection.readRequest() {
        if request.target == "/first" { mayAnswer.block() }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      }
    }
    defer { server.stop() }
    let recorder = Recorder()
    let transport = recorder.transport(maxConnections: 1)
    let first = Task { await transport.failure(of: server.request(.get, "/first")) }
    try await waitUntil { !server.requests.isEmpty }
    let second = Task { await transport.failure(of: server.request(.get, "/second")) }
    // The wait itself is what is measured.
    try await Task.sleep(for: .milliseconds(100))
    mayAnswer.signal()
    #expect(await first.value == nil)
    #expect(await second.value == nil)
    let metrics = await recorder.metrics(after: transport)
    try #require(metrics.count == 2)
    #expect(metrics[0].queued < metrics[1].queued)
    #expect(metrics[1].queued >= .milliseconds(50))
  }
}
