// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import OpenAIBatchAsyncHTTPClient
import OpenAIBatchConformance
import OpenAIBatchTransport
import Synchronization
import Testing

/// Bodies that a server does not take, beyond the promises of all transports.
@Suite(.serialized)
struct UploadTests {
  /// Gives bytes without end, and tells when nothing holds it any more.
  private final class EndlessReader: RequestBodyReader {
    private let released: Event
    private let bytes = [UInt8](repeating: 7, count: 1 << 20)

    init(released: Event) {
      self.released = released
    }

    deinit {
      released.signal()
    }

    func next() -> ArraySlice<UInt8>? { bytes[...] }
  }

  @Test func aSourceThatWaitsForTheServerIsLetGo() async throws {
    let mayEnd = Event()
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      mayEnd.block()
    }
    defer {
      mayEnd.signal()
      server.stop()
    }
    let transport = makeTransport()
    let released = Event()
    let body = RequestBody.producer(length: nil, isReplayable: false) { EndlessReader(released: released) }
    let timeouts = Timeouts(idle: .milliseconds(300), total: nil)
    let failure = await transport.failure(of: server.request(.post, body: body, timeouts: timeouts))
    #expect(failure?.kind == .timedOut)
    await released.wait()
    await transport.shutdown()
  }

  /// A server may answer without reading: the connection is of no use then, and must not count as busy for ever.
  @Test func aWholeAnswerBeforeTheBodyTakesNoConnectionAway() async throws {
    let server = try LoopbackServer { connection in
      guard let request = connection.readHead() else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      if request.method == "POST" { connection.waitForPeerToClose() }
    }
    defer { server.stop() }
    let transport = makeTransport(maxConnections: 1)
    for _ in 0..<3 {
      let body = RequestBody.producer(length: nil, isReplayable: false) { EndlessReader(released: Event()) }
      #expect(try await transport.text(of: server.request(.post, body: body)) == "ok")
      let timeouts = Timeouts(connect: .seconds(5), idle: .seconds(5))
      #expect(try await transport.text(of: server.request(.get, timeouts: timeouts)) == "ok")
    }
  }

  @Test func anEmptyPieceAfterTheLastByteIsNothing() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: $0.body) }
    defer { server.stop() }
    let pieces = Mutex<[[UInt8]]>([[], Array("whole".utf8), []])
    let body = RequestBody.producer(length: 5, isReplayable: false) {
      PieceReader { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst()[...] } }
    }
    #expect(try await makeTransport().text(of: server.request(.post, body: body)) == "whole")
  }

  /// A refusal that comes bit by bit, with its length or in chunks, while the source rests. On a shared client it has a
  /// body only with a length.
  @Test(
    arguments: [
      ["Content-Length: 8\r\n\r\n", "stop", "stop"], ["Content-Length: 0\r\n\r\n"],
      ["Transfer-Encoding: chunked\r\n\r\n", "4\r\nstop\r\n", "0\r\n\r\n"],
      ["Connection: close\r\n\r\n", "stop"],
    ], [false, true])
  func aRefusalInPartsIsReadToItsEnd(parts: [String], isShared: Bool) async throws {
    let isResting = Event()
    let mayGoOn = (0..<parts.count).map { _ in Event() }
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      isResting.block()
      connection.send("HTTP/1.1 413 Too Large\r\n")
      for (part, event) in zip(parts, mayGoOn) {
        event.block()
        connection.send(part)
      }
      if parts[0].hasPrefix("Connection") { return }
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let released = Event()
    let body = RequestBody.producer(length: nil, isReplayable: false) {
      PieceReader {
        isResting.signal()
        try await withTaskCancellationHandler {
          try await Task.sleep(for: .seconds(60))
        } onCancel: {
          released.signal()
        }
        return nil
      }
    }
    mayGoOn[0].signal()
    try await withClient { client in
      let transport = isShared ? AsyncHTTPClientTransport(client: client) : makeTransport()
      let response = try await transport.send(server.request(.post, body: body))
      #expect(response.head.status.code == 413)
      await released.wait()
      var answer = response.takeBody()
      var bytes: [UInt8] = []
      for event in mayGoOn.dropFirst() {
        event.signal()
        if let piece = try await answer.next() { bytes += piece }
      }
      while let piece = try await answer.next() { bytes += piece }
      let hasBody = !isShared || parts[0].hasPrefix("Content-Length")
      let expected = String(repeating: "stop", count: hasBody ? parts.count { $0.contains("stop") } : 0)
      #expect(String(decoding: bytes, as: UTF8.self) == expected)
      await transport.shutdown()
    }
  }

  @Test func aRefusalThatIsCutIsTruncated() async throws {
    let isResting = Event()
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      isResting.block()
      connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 8\r\n\r\nstop")
    }
    defer { server.stop() }
    let body = RequestBody.producer(length: nil, isReplayable: false) {
      PieceReader {
        isResting.signal()
        try await Task.sleep(for: .seconds(60))
        return nil
      }
    }
    let failure = await makeTransport().failure(of: server.request(.post, body: body))
    #expect(failure?.kind == .truncated)
  }
}
#endif
