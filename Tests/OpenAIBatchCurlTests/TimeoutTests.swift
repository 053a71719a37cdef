// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import LoopbackServer
import OpenAIBatchCurl
import OpenAIBatchTransport
import Synchronization
import Testing

/// Each timeout in each phase, with bounds wide enough for a busy machine.
struct TimeoutTests {
  private static let short = Duration.milliseconds(200)

  /// The failure, which must come no sooner than `short` and soon: the bound is for a sanitizer on a
  /// busy machine.
  private func timedFailure(
    _ transport: CurlTransport, _ request: TransportRequest
  ) async -> TransportFailure? {
    let start = ContinuousClock.now
    let failure = await transport.failure(of: request)
    let elapsed = ContinuousClock.now - start
    #expect(elapsed >= Self.short - .milliseconds(20))
    #expect(elapsed < .seconds(20))
    return failure
  }

  @Test func aConnectionThatTakesTooLongIsNotSent() async throws {
    // TLS against a server that never speaks: the handshake is part of connecting.
    let server = try LoopbackServer { $0.waitForPeerToClose() }
    defer { server.stop() }
    var request = server.request(timeouts: Timeouts(connect: Self.short))
    request.head.scheme = "https"
    let failure = await timedFailure(makeTransport(), request)
    #expect(failure?.kind == .notSent)
    #expect(failure?.mayHaveReachedServer == false)
  }

  @Test(arguments: [
    Timeouts(idle: short, total: nil), Timeouts(idle: .seconds(60), total: short),
  ])
  func aSilentServerTimesOut(timeouts: Timeouts) async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let failure = await timedFailure(
      makeTransport(), server.request(.post, body: .bytes([1]), timeouts: timeouts))
    #expect(failure?.kind == .timedOut)
    #expect(failure?.mayHaveReachedServer == true)
    #expect(server.requests.count == 1)
  }

  @Test(arguments: [
    Timeouts(idle: short, total: nil), Timeouts(idle: .seconds(60), total: short),
  ])
  func aBodyThatStopsTimesOut(timeouts: Timeouts) async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    #expect(await timedFailure(makeTransport(), server.request(timeouts: timeouts))?.kind == .timedOut)
  }

  @Test func anUploadThatNobodyReadsTimesOut() async throws {
    let stop = DispatchSemaphore(value: 0)
    let server = try LoopbackServer { _ in stop.wait() }
    defer {
      stop.signal()
      server.stop()
    }
    let body = RequestBody.producer(length: nil, isReplayable: false) { pieces(1_000_000, of: 100_000) }
    let transport = makeTransport()
    let start = ContinuousClock.now
    let timeouts = Timeouts(idle: Self.short, total: nil)
    let failure = await transport.failure(of: server.request(.post, body: body, timeouts: timeouts))
    #expect(failure?.kind == .timedOut)
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func slowHeadersAreEndedByTheTotal() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\n")
      while connection.send("X-Slow: 1\r\n") { Thread.sleep(forTimeInterval: 0.02) }
    }
    defer { server.stop() }
    let timeouts = Timeouts(idle: .seconds(5), total: .milliseconds(400))
    #expect(await timedFailure(makeTransport(), server.request(timeouts: timeouts))?.kind == .timedOut)
  }

  @Test func aDripKeepsTheIdleTimeoutAway() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n")
      for _ in 0..<12 {
        Thread.sleep(forTimeInterval: 0.05)
        connection.send("x")
      }
    }
    defer { server.stop() }
    let received = try await makeTransport().receive(
      server.request(timeouts: Timeouts(idle: .milliseconds(400), total: nil)))
    #expect(received.text.count == 12)
  }

  @Test func aReaderThatRestsIsNotIdle() async throws {
    let content = [UInt8](repeating: 0x78, count: 8 << 20)
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(content.count)\r\n\r\n")
      connection.send(content)
    }
    defer { server.stop() }
    let transport = makeTransport()
    var body = try await transport.send(
      server.request(timeouts: Timeouts(idle: .milliseconds(500), total: nil))
    ).takeBody()
    var count = try await body.next()?.count ?? 0
    // Not waiting for something: the rest itself is what is tested.
    try await Task.sleep(for: .milliseconds(1_200))
    while let chunk = try await body.next() { count += chunk.count }
    #expect(count == 8 << 20)
  }

  @Test func aBodySourceThatRestsIsNotIdle() async throws {
    let server = try LoopbackServer.answering { LoopbackAnswer(body: "\($0.body.count)") }
    defer { server.stop() }
    let asked = Mutex(0)
    let body = RequestBody.producer(length: nil, isReplayable: false) {
      PieceReader {
        let turn = asked.withLock { asked in
          asked += 1
          return asked
        }
        guard turn <= 3 else { return nil }
        if turn > 1 { try await Task.sleep(for: .milliseconds(700)) }
        return [1, 2, 3]
      }
    }
    let received = try await makeTransport().receive(
      server.request(.post, body: body, timeouts: Timeouts(idle: .milliseconds(400), total: nil)))
    #expect(received.text == "9")
  }

  @Test func aRequestThatWaitsTooLongForItsTurnIsNotSent() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let transport = makeTransport(maxConnections: 1)
    let first = Task { await transport.failure(of: server.request(.get, "/first")) }
    while server.requests.isEmpty { await Task.yield() }
    let failure = await timedFailure(
      transport, server.request(.get, "/second", timeouts: Timeouts(total: Self.short)))
    #expect(failure?.kind == .notSent)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(server.requests.map(\.target) == ["/first"])
    first.cancel()
    #expect(await first.value?.kind == .cancelled)
  }

  @Test(arguments: [Duration.zero, .seconds(-1)])
  func noTimeAtAllIsNotSent(total: Duration) async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let failure = await makeTransport().failure(of: server.request(timeouts: Timeouts(total: total)))
    #expect(failure?.kind == .notSent)
    #expect(server.requests.isEmpty)
  }

  @Test func endlessTimeoutsWork() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "ok") }
    defer { server.stop() }
    let endless = Duration.seconds(Int64.max)
    let timeouts = Timeouts(connect: endless, idle: endless, total: endless)
    #expect(try await makeTransport().receive(server.request(timeouts: timeouts)).text == "ok")
  }
}
