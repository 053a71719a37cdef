// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import LoopbackServer
import OpenAIBatchCurl
import OpenAIBatchTransport
import Synchronization
import Testing

/// Large bodies, slow readers and sources that break: what is held, and what goes on.
@Suite(.serialized)
struct FlowTests {
  private static let size = 50 << 20

  @Test func aLargeDownloadArrivesWhole() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
      for _ in 0..<50 where !connection.send(Self.block) { return }
    }
    defer { server.stop() }
    let transport = makeTransport()
    var body = try await transport.send(server.request(timeouts: .transfer)).takeBody()
    var content = Comparison(block: Self.block)
    var largest = 0
    while let chunk = try await body.next() {
      content.add(chunk)
      largest = max(largest, chunk.count)
    }
    #expect(content.count == Self.size && content.isEqual)
    #expect(largest <= 1 << 20)
  }

  @Test(arguments: [true, false])
  func aLargeUploadArrivesWhole(isLengthKnown: Bool) async throws {
    let seen = Mutex<(count: Int, isEqual: Bool)>((0, false))
    let server = try LoopbackServer { connection in
      guard let head = connection.readHead() else { return }
      var content = Comparison(block: Self.block)
      if head.header("content-length") != nil {
        while content.count < Self.size, let bytes = connection.readSome(atMost: 64 << 10) {
          content.add(bytes[...])
        }
      } else {
        connection.readChunks { content.add($0[...]) }
      }
      seen.withLock { [content] in $0 = (content.count, content.isEqual) }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }
    defer { server.stop() }
    let next = Mutex(0)
    let body = RequestBody.producer(length: isLengthKnown ? Int64(Self.size) : nil, isReplayable: false) {
      PieceReader {
        let index = next.withLock { next in
          defer { next += 1 }
          return next
        }
        return index < 50 ? Self.block[...] : nil
      }
    }
    _ = try await makeTransport().receive(server.request(.post, body: body, timeouts: .transfer))
    #expect(seen.withLock { $0 } == (Self.size, true))
  }

  @Test func aReaderThatRestsMakesTheServerWait() async throws {
    let sent = Mutex(0)
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
      for _ in 0..<50 {
        guard connection.send(Self.block) else { return }
        sent.withLock { $0 += 1 << 20 }
      }
    }
    defer { server.stop() }
    let transport = makeTransport()
    var body = try await transport.send(server.request(timeouts: .transfer)).takeBody()
    var count = try await body.next()?.count ?? 0
    // The server goes on until buffers are full; then its count stands still.
    var last = -1
    while last != sent.withLock({ $0 }) {
      last = sent.withLock { $0 }
      try await Task.sleep(for: .milliseconds(200))
    }
    // 2 MiB are ours; the rest lies in the kernel's socket buffers.
    #expect(last < 20 << 20)
    while let chunk = try await body.next() { count += chunk.count }
    #expect(count == Self.size)
  }

  @Test func aServerThatRestsMakesTheSourceWait() async throws {
    let mayRead = DispatchSemaphore(value: 0)
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      mayRead.wait()
      connection.readChunks { _ in }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }
    defer { server.stop() }
    let made = Mutex(0)
    let body = RequestBody.producer(length: nil, isReplayable: false) {
      PieceReader {
        let index = made.withLock { made in
          defer { made += 1 }
          return made
        }
        return index < 50 ? Self.block[...] : nil
      }
    }
    let transport = makeTransport()
    async let received = transport.receive(server.request(.post, body: body, timeouts: .transfer))
    var last = -1
    while last <= 0 || last != made.withLock({ $0 }) {
      last = made.withLock { $0 }
      try await Task.sleep(for: .milliseconds(200))
    }
    #expect(last < 20)
    mayRead.signal()
    #expect(try await received.head.status == 200)
    #expect(made.withLock { $0 } == 51)
  }

  @Test(arguments: [401, 413], [Int64?.some(1_000), nil])
  func anEarlyAnswerEndsAPausedUpload(status: Int, length: Int64?) async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      connection.send("HTTP/1.1 \(status) No\r\nContent-Length: 4\r\n\r\nstop")
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let released = Event()
    let asked = Mutex(0)
    let body = RequestBody.producer(length: length, isReplayable: false) {
      PieceReader {
        let turn = asked.withLock { asked in
          asked += 1
          return asked
        }
        if turn == 1 { return [1, 2, 3] }
        try await withTaskCancellationHandler {
          try await Task.sleep(for: .seconds(60))
        } onCancel: {
          released.signal()
        }
        return nil
      }
    }
    let start = ContinuousClock.now
    let received = try await makeTransport().receive(server.request(.post, body: body))
    #expect(received.head.status.code == status)
    #expect(received.text == "stop")
    #expect(ContinuousClock.now - start < .seconds(2))
    await released.wait()
  }

  @Test func anEarlyAnswerEndsABusyUpload() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nstop")
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let body = RequestBody.producer(length: Int64(20 << 20), isReplayable: false) { pieces(20, of: 1 << 20) }
    let received = try await makeTransport().receive(server.request(.post, body: body))
    #expect(received.head.status == 413)
    #expect(received.text == "stop")
  }

  @Test func aSourceThatBreaksEndsTheCallWithItsOwnError() async throws {
    struct Broken: Error {}
    let closed = Event()
    let server = try LoopbackServer { connection in
      guard let head = connection.readHead() else { return }
      if head.method == "POST" {
        connection.waitForPeerToClose()
        closed.signal()
      } else {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.waitForPeerToClose()
      }
    }
    defer { server.stop() }
    let made = Mutex(0)
    let body = RequestBody.producer(length: 10 << 20, isReplayable: false) {
      PieceReader {
        let turn = made.withLock { made in
          made += 1
          return made
        }
        guard turn <= 5 else { throw Broken() }
        return Self.block[...]
      }
    }
    let transport = makeTransport()
    let failure = await transport.failure(of: server.request(.post, body: body))
    #expect(failure?.kind == .body)
    #expect(failure?.underlying is Broken)
    await closed.wait()
    #expect(try await transport.receive(server.request()).text == "ok")
    #expect(server.connectionCount == 2)
  }

  @Test func aSourceThatCannotBeOpenedSendsNothing() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let failure = await makeTransport().failure(of: server.request(.post, body: .file("/nonexistent/file")))
    #expect(failure?.kind == .body)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(server.connectionCount == 0)
  }

  @Test(arguments: [(declared: Int64(1_000), given: 900), (1_000, 1_100), (1_000, 1_001)])
  func aSourceOfAnotherLengthNeverLooksWhole(declared: Int64, given: Int) async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let body = RequestBody.producer(length: declared, isReplayable: false) { pieces(given, of: 1) }
    let failure = await makeTransport().failure(of: server.request(.post, body: body))
    #expect(failure?.kind == .body)
    #expect(server.requests.isEmpty)
  }

  private static let block = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}

/// Holds a stream, cut anywhere, against endless repetitions of a block.
private struct Comparison {
  private(set) var count = 0
  private(set) var isEqual = true
  let block: [UInt8]

  mutating func add(_ bytes: ArraySlice<UInt8>) {
    bytes.withUnsafeBytes { bytes in
      block.withUnsafeBytes { block in
        guard let left = bytes.baseAddress, let right = block.baseAddress else { return }
        var offset = 0
        while offset < bytes.count {
          let start = (count + offset) % block.count
          let length = min(block.count - start, bytes.count - offset)
          isEqual = isEqual && memcmp(left + offset, right + start, length) == 0
          offset += length
        }
      }
    }
    count += bytes.count
  }
}
