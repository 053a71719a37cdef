// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport
import Synchronization
import Testing

/// Answers that come while the source of a body rests, and never goes on.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct EarlyAnswerTests {
  /// Gives some bytes, and then nothing more, until its task is cancelled.
  private final class RestingReader: RequestBodyReader {
    private let hasBegun = Mutex(false)

    func next() async -> ArraySlice<UInt8>? {
      let isFirst = hasBegun.withLock { hasBegun in
        defer { hasBegun = true }
        return !hasBegun
      }
      if isFirst { return [1, 2, 3] }
      // A stream that nobody feeds ends with its reader's task.
      for await _ in AsyncStream<Void>(Void.self, { _ in }) {}
      return nil
    }
  }

  private static func body() -> RequestBody {
    .producer(length: nil, isReplayable: false) { RestingReader() }
  }

  @Test(arguments: ["HTTP/1.0", "HTTP/1.1"])
  func aRefusalThatEndsWithItsConnectionIsWhole(version: String) async throws {
    let mayEnd = Event()
    let server = try LoopbackServer { connection in
      guard connection.readHead() != nil, connection.read(count: 8) != nil else { return }
      connection.send("\(version) 413 Too Large\r\nConnection: close\r\n\r\nno")
      mayEnd.block()
      connection.send(" more")
      connection.close()
    }
    defer { server.stop() }
    let transport = makeTransport()
    defer { withExtendedLifetime(transport) {} }
    let response = try await transport.send(
      server.request(.post, body: Self.body(), timeouts: Timeouts(idle: .seconds(20), total: nil)))
    #expect(response.head.status.code == 413)
    mayEnd.signal()
    #expect(String(decoding: try await response.collect(upTo: 100), as: UTF8.self) == "no more")
  }

  /// Whether the server has gone or says nothing more, what it has said is all there is.
  @Test(arguments: ["200 OK\r\nContent-Length: 2\r\n\r\nok", "204 No Content\r\n\r\n"], [false, true])
  func aWholeAnswerCountsWhateverBecomesOfTheRestOfTheRequest(answer: String, closes: Bool) async throws {
    let mayClose = Event()
    let server = try LoopbackServer { connection in
      guard connection.readHead() != nil else { return }
      connection.send("HTTP/1.1 \(answer)")
      if closes { mayClose.block() } else { connection.waitForPeerToClose() }
    }
    defer { server.stop() }
    let transport = makeTransport()
    defer { withExtendedLifetime(transport) {} }
    let body = RequestBody.bytes([UInt8](repeating: 0, count: 20 << 20))
    let request = server.request(.post, body: body, timeouts: Timeouts(idle: .milliseconds(300), total: nil))
    let response = try await transport.send(request)
    #expect(response.head.status.kind == .successful)
    // Not before: the connection's end can overtake what was sent on it.
    mayClose.signal()
    let bytes = try await response.collect(upTo: 100)
    #expect(bytes == Array((answer.hasSuffix("ok") ? "ok" : "").utf8))
  }

  /// Sending rests while bytes of an answer wait: what was taken for it by then is sent later, and once.
  @Test(arguments: [false, true])
  func anUploadIsWholeBetweenInterimAnswers(isStreamed: Bool) async throws {
    let content = (0..<8 << 20).map { UInt8(truncatingIfNeeded: $0 &* 0x9E37_79B1 >> 13) }
    let received = Mutex<[UInt8]>([])
    let server = try LoopbackServer { connection in
      guard connection.readHead() != nil else { return }
      var bytes: [UInt8] = []
      while bytes.count < content.count, let piece = connection.readSome(atMost: 64 << 10) {
        bytes += piece
        connection.send("HTTP/1.1 102 Processing\r\n\r\n")
      }
      received.withLock { [bytes] in $0 = bytes }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    defer { server.stop() }
    let transport = makeTransport()
    defer { withExtendedLifetime(transport) {} }
    let body: RequestBody =
      isStreamed
      ? .producer(length: Int64(content.count), isReplayable: false) { Pieces(content) } : .bytes(content)
    #expect(try await transport.text(of: server.request(.post, body: body)) == "ok")
    #expect(received.withLock { $0 } == content)
  }

  private final class Pieces: RequestBodyReader {
    private let rest: Mutex<ArraySlice<UInt8>>

    init(_ bytes: [UInt8]) { rest = Mutex(bytes[...]) }

    func next() async -> ArraySlice<UInt8>? {
      rest.withLock { rest in
        defer { rest = rest.dropFirst(100_001) }
        return rest.isEmpty ? nil : rest.prefix(100_001)
      }
    }
  }

  @Test(arguments: ["Content-Length: 4", "Connection: close"])
  func anAnswerThatStallsIsTimedOut(field: String) async throws {
    let server = try LoopbackServer { connection in
      guard connection.readHead() != nil, connection.read(count: 8) != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\n\(field)\r\n\r\nok")
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let transport = makeTransport()
    defer { withExtendedLifetime(transport) {} }
    let response = try await transport.send(
      server.request(.post, body: Self.body(), timeouts: Timeouts(idle: .milliseconds(300), total: nil)))
    #expect(response.head.status.code == 200)
    do {
      let body = try await response.collect(upTo: 100)
      Issue.record("ended as \(body)")
    } catch {
      #expect(error.kind == .timedOut)
    }
  }
}
