// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import OpenAIBatchAsyncHTTPClient
import OpenAIBatchConformance
import OpenAIBatchTransport
import Synchronization
import Testing

/// Two calls, one after the other, on one connection: what is seen of the second.
@Suite(.serialized)
struct ConnectionWatchTests {
  /// Sends a call whose answer comes when the next one already waits: that gets the connection in the moment in which
  /// the answer is whole, before the first call's end is told.
  ///
  /// - Returns: What becomes of the second call, which the server answers with `answer`.
  private func secondCall(
    _ body: RequestBody = .empty, answer: @escaping @Sendable (LoopbackConnection) -> Void
  ) async throws -> Result<String, TransportFailure> {
    let isFirst = Mutex(true)
    let hasRead = Event()
    let mayAnswer = Event()
    // The tunnel of the second connection never opens.
    let proxy = try LoopbackServer { connection in
      guard connection.readHead() != nil else { return }
      guard isFirst.withLock({ (isFirst: inout Bool) in exchange(&isFirst, with: false) }) else {
        return connection.waitForPeerToClose()
      }
      connection.send("HTTP/1.1 200 OK\r\n\r\n")
      guard connection.readHead() != nil else { return }
      hasRead.signal()
      mayAnswer.block()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      guard connection.readHead() != nil else { return }
      answer(connection)
    }
    defer { proxy.stop() }
    let transport = AsyncHTTPClientTransport(
      .init(maxConnections: 2, proxy: .url("http://127.0.0.1:\(proxy.port)")), environment: [:])
    // With another connect timeout they would not share connections.
    let timeouts = Timeouts(connect: .seconds(20), idle: .seconds(5))
    async let first = transport.text(of: proxy.request(.get, "/first", timeouts: timeouts))
    await hasRead.wait()
    let second = Task {
      do throws(TransportFailure) {
        return Result<_, TransportFailure>.success(
          try await transport.text(of: proxy.request(.post, "/second", body: body, timeouts: timeouts)))
      } catch {
        return .failure(error)
      }
    }
    try await waitUntil { proxy.connectionCount >= 2 }
    mayAnswer.signal()
    #expect(try await first == "ok")
    return await second.value
  }

  @Test func interimResponsesWithoutEndAreTooLarge() async throws {
    let field = "Link: " + String(repeating: "x", count: 16 << 10)
    let result = try await secondCall { connection in
      while connection.send("HTTP/1.1 103 Early Hints\r\n\(field)\r\n\r\n") {}
    }
    #expect(throws: TransportFailure.self) { try result.get() }
    if case .failure(let failure) = result { #expect(failure.kind == .tooLarge) }
  }

  @Test func aRefusalThatEndsWithItsConnectionIsWhole() async throws {
    let isResting = Event()
    let body = RequestBody.producer(length: nil, isReplayable: false) {
      PieceReader {
        isResting.signal()
        try await Task.sleep(for: .seconds(60))
        return nil
      }
    }
    let result = try await secondCall(body) { connection in
      isResting.block()
      connection.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\nstop")
    }
    #expect(try result.get() == "stop")
  }
}
#endif
