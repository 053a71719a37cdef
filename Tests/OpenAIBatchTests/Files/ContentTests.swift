// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import OpenAIBatchConformance
import Synchronization
import Testing

private let text = (0..<500).map { "line \($0)\n" }.joined()
private let bytes = Array(text.utf8)

extension BatchClient {
  fileprivate func read(_ id: FileID = "file-1", options: CallOptions = CallOptions()) async throws -> [UInt8]
  {
    var bytes: [UInt8] = []
    for try await chunk in content(of: id, options: options) {
      #expect(!chunk.isEmpty)
      bytes += chunk
    }
    return bytes
  }
}

/// The offset that a request's range begins at.
private func offset(_ request: SentRequest) -> Int {
  (request.head.headerFields[.range]?.dropFirst("bytes=".count).dropLast()).flatMap { Int($0) } ?? 0
}

private func partial(from start: Int, to end: Int? = nil, total: String? = nil) -> Reply {
  let end = end ?? bytes.count
  return Reply(
    206, headers: [.contentRange: "bytes \(start)-\(end - 1)/\(total ?? "\(bytes.count)")"],
    bytes: Array(bytes[start..<end]))
}

/// Breaks after `count` bytes.
private func broken(_ reply: Reply, after count: Int, _ kind: TransportFailure.Kind = .truncated) -> Reply {
  var reply = reply
  reply.chunks = [Array(reply.chunks.joined().prefix(count))].filter { !$0.isEmpty }
  reply.failure = .scripted(kind)
  return reply
}

@Suite struct ContentTests {
  @Test func asksForTheFileOnce() async throws {
    let transport = ScriptedTransport { _ in Reply(200, text) }
    #expect(try await BatchClient.test(transport).read() == bytes)
    let request = try #require(transport.requests.first)
    #expect(transport.requests.count == 1)
    #expect(request.line == "GET /v1/files/file-1/content")
    #expect(request.head.headerFields[.accept] == "*/*")
    #expect(request.head.headerFields[.range] == nil)
    #expect(request.timeouts.total == nil)
  }

  @Test(arguments: [TransportFailure.Kind.truncated, .interrupted, .timedOut])
  func goesOnByRangeAfterABreak(kind: TransportFailure.Kind) async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request in
      let reply = offset(request) == 0 ? Reply(200, text) : partial(from: offset(request))
      return request.number <= 5 ? broken(reply, after: 100, kind) : reply
    }
    #expect(try await BatchClient.test(transport, clock: clock).read() == bytes)
    #expect(
      transport.requests.map { $0.head.headerFields[.range] }
        == [nil, "bytes=100-", "bytes=200-", "bytes=300-", "bytes=400-", "bytes=500-"])
    #expect(clock.sleeps == Array(repeating: .milliseconds(250), count: 5), "progress resets the backoff")
  }

  /// A file that is still being written has another length and another name each time it is looked at.
  @Test(arguments: [true, false])
  func goesOnWithAFileThatGrows(isCompleteAtLast: Bool) async throws {
    let transport = ScriptedTransport { request in
      let length = 1000 * request.number
      var reply = partial(from: offset(request), to: length, total: "\(length)")
      if request.number == 1 {
        reply = Reply(200, headers: [.contentLength: "\(length)"], bytes: Array(bytes[..<length]))
      }
      reply.headers[.eTag] = "\"\(request.number)\""
      if request.number < 3 || !isCompleteAtLast { reply.headers[.named("X-Incomplete")] = "true" }
      return request.number < 3 ? broken(reply, after: 100) : reply
    }
    #expect(try await BatchClient.test(transport).read() == Array(bytes[..<3000]))
    #expect(transport.requests.count == 3)
  }

  @Test func goesOnBySkippingWhereRangesAreIgnored() async throws {
    let transport = ScriptedTransport { request in
      request.number < 3 ? broken(Reply(200, text), after: 1000 * request.number) : Reply(200, text)
    }
    #expect(try await BatchClient.test(transport).read() == bytes)
    #expect(transport.requests.count == 3)
  }

  /// Of two states of a file no bytes are joined.
  @Test(arguments: [200, 206])
  func noticesAnotherStateOfTheFile(status: Int) async throws {
    let transport = ScriptedTransport { request in
      var reply =
        offset(request) == 0 || status == 200
        ? Reply(200, text) : partial(from: offset(request))
      reply.headers[.eTag] = request.number == 1 ? "\"v1\"" : "\"v2\""
      return request.number == 1 ? broken(reply, after: 1000) : reply
    }
    let error = try await failure { try await BatchClient.test(transport).read() }
    #expect(error.kind == .malformedResponse)
    #expect(error.message.contains("changed while it was being read") && error.message.contains("ETag"))
    #expect(transport.requests.count == 2)
  }

  @Test func takesNoMoreThanTheFileHas() async throws {
    let transport = ScriptedTransport { request in
      guard request.number > 1 else {
        return broken(Reply(200, headers: [.contentLength: "\(bytes.count)"], bytes: bytes), after: 1000)
      }
      var reply = partial(from: 1000)
      reply.chunks.append([1, 2, 3])
      return reply
    }
    let error = try await failure { try await BatchClient.test(transport).read() }
    #expect(error.kind == .malformedResponse)
    #expect(error.message.contains("more than its \(bytes.count) bytes"))
  }

  @Test func goesOnWhenTheRangeBeginsEarlier() async throws {
    let transport = ScriptedTransport { request in
      request.number == 1 ? broken(Reply(200, text), after: 1000) : partial(from: 512)
    }
    #expect(try await BatchClient.test(transport).read() == bytes)
  }

  @Test func givesUpWithoutProgress() async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request in
      request.number == 1 ? broken(Reply(200, text), after: 100) : broken(partial(from: 100), after: 0)
    }
    let error = try await failure { try await BatchClient.test(transport, clock: clock).read() }
    #expect(error.kind == .connection)
    #expect(error.message.contains("100 bytes had been read"))
    #expect(error.attempts == 3)
    #expect(transport.requests.count == 3)
  }

  @Test func followsTheCallsRetryPolicy() async throws {
    let transport = ScriptedTransport { _ in broken(Reply(200, text), after: 100) }
    let error = try await failure {
      try await BatchClient.test(transport).read(options: CallOptions(retry: RetryPolicy.none))
    }
    #expect(error.kind == .connection)
    #expect(transport.requests.count == 1)
  }

  @Test func doesNotGoOnAfterAFinalFailure() async throws {
    let transport = ScriptedTransport { _ in broken(Reply(200, text), after: 100, .malformed) }
    #expect(try await failure { try await BatchClient.test(transport).read() }.kind == .malformedResponse)
    #expect(transport.requests.count == 1)
  }

  @Test func reportsAFileThatShrank() async throws {
    let transport = ScriptedTransport { request in
      request.number == 1
        ? broken(Reply(200, text), after: 1000) : Reply(200, bytes: Array(bytes.prefix(900)))
    }
    let error = try await failure { try await BatchClient.test(transport).read() }
    #expect(error.kind == .malformedResponse)
    #expect(error.message.contains("file-1"))
  }

  @Test func reportsAFileWhoseLengthChanged() async throws {
    let transport = ScriptedTransport { request in
      request.number == 1
        ? broken(partial(from: 0), after: 1000) : partial(from: 1000, total: "\(bytes.count + 1)")
    }
    #expect(try await failure { try await BatchClient.test(transport).read() }.kind == .malformedResponse)
  }

  @Test func endsWhereTheFileEndsThoughTheLastChunkIsLost() async throws {
    let transport = ScriptedTransport { request in
      switch request.number {
      case 1: broken(Reply(200, text), after: bytes.count)
      case 2: Reply(416, headers: [.contentRange: "bytes */\(bytes.count)"])
      default: Reply(200, text)
      }
    }
    #expect(try await BatchClient.test(transport).read() == bytes)
  }

  @Test func asksForTheRestOfARangeThatWasCut() async throws {
    let transport = ScriptedTransport { request in
      // A cache that gives at most 1,000 bytes at a time.
      request.number == 1
        ? broken(Reply(200, text), after: 10)
        : partial(from: offset(request), to: min(offset(request) + 1000, bytes.count))
    }
    #expect(try await BatchClient.test(transport).read() == bytes)
  }

  /// `*` says that the length is not known, and not that the range ends with the file.
  @Test func asksForMoreOfAFileOfUnknownLength() async throws {
    let transport = ScriptedTransport { request in
      let start = offset(request)
      if request.number == 1 { return broken(Reply(200, text), after: 100) }
      if start == 0 { return Reply(200, text) }
      return start >= bytes.count
        ? Reply(416) : partial(from: start, to: min(start + 1000, bytes.count), total: "*")
    }
    #expect(try await BatchClient.test(transport).read() == bytes)
  }

  @Test(arguments: [#""a""#, #"W/"a""#, nil] as [String?])
  func asksForTheRestOfTheSameStateOnly(tag: String?) async throws {
    let transport = ScriptedTransport { request in
      var reply = request.number == 1 ? broken(Reply(200, text), after: 100) : partial(from: 100)
      reply.headers[.eTag] = tag
      return reply
    }
    #expect(try await BatchClient.test(transport).read() == bytes)
    // A weak name is none to compare parts of a file by.
    #expect(transport.requests.map { $0.head.headerFields[.ifRange] } == [nil, tag == #""a""# ? tag : nil])
  }

  /// Two servers of one file may differ in how sure they are.
  @Test(arguments: [(#""a""#, #"W/"a""#, true), (#"W/"a""#, #""a""#, true), (#""a""#, #"W/"b""#, false)])
  func aWeakNameIsComparedByItsText(first: String, second: String, isSame: Bool) async throws {
    let transport = ScriptedTransport { request in
      var reply = request.number == 1 ? broken(Reply(200, text), after: 100) : partial(from: 100)
      reply.headers[.eTag] = request.number == 1 ? first : second
      return reply
    }
    let client = BatchClient.test(transport)
    if isSame {
      #expect(try await client.read() == bytes)
    } else {
      #expect(try await failure { try await client.read() }.kind == .malformedResponse)
    }
  }

  @Test func waitsAfterARangeThatEndsBeforeItsEnd() async throws {
    let clock = VirtualClock()
    let transport = ScriptedTransport { request in
      let start = offset(request)
      var reply = start == 0 ? broken(Reply(200, text), after: 100) : partial(from: start)
      if 2...4 ~= request.number { reply.chunks = [Array(bytes[start..<start + 10])] }
      return reply
    }
    #expect(try await BatchClient.test(transport, clock: clock).read() == bytes)
    #expect(clock.sleeps.count == 4)
  }

  @Test(arguments: [
    "", "bytes", "bytes */100", "bytes 200-300/5000", "items 0-1/2", "bytes x-1/2", "bytes -5-9/10",
  ])
  func refusesARangeThatWasNotAskedFor(range: String) async throws {
    let transport = ScriptedTransport { request in
      request.number == 1
        ? broken(Reply(200, text), after: 100) : Reply(206, headers: [.contentRange: range], text)
    }
    #expect(try await failure { try await BatchClient.test(transport).read() }.kind == .malformedResponse)
  }

  @Test(arguments: [
    (404, BatchClientError.Kind.notFound), (401, .unauthorized), (400, .rejected), (500, .serverError),
  ])
  func reportsAStatus(status: Int, kind: BatchClientError.Kind) async throws {
    let transport = ScriptedTransport { _ in Reply(status, headers: [.named("x-request-id"): "req_1"]) }
    let error = try await failure { try await BatchClient.test(transport).read() }
    #expect(error.kind == kind && error.status == status && error.requestID == "req_1")
    #expect(error.operation == "fileContent")
  }

  @Test func isOverAfterAnError() async throws {
    let transport = ScriptedTransport { _ in Reply(404) }
    var iterator = BatchClient.test(transport).content(of: "file-1").makeAsyncIterator()
    _ = try await failure { try await iterator.next() }
    #expect(try await iterator.next() == nil)
    #expect(transport.requests.count == 1)
  }

  @Test(arguments: Wire.allCases)
  func goesOnOverRealConnections(wire: Wire) async throws {
    let server = try LoopbackServer { connection in
      while let request = connection.readRequest() {
        let start = request.header("range").flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0
        let head = start == 0 ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 206 Partial Content\r\n"
        let range = "Content-Range: bytes \(start)-\(bytes.count - 1)/\(bytes.count)\r\n"
        connection.send("\(head)\(start == 0 ? "" : range)Content-Length: \(bytes.count - start)\r\n\r\n")
        guard start < 2000 else {
          connection.send(Array(bytes[start...]))
          continue
        }
        connection.send(Array(bytes[start..<start + 700]))
        return
      }
    }
    defer { server.stop() }
    let client = BatchClient.loopback(server, wire) { $0.clock = PolicyClock(VirtualClock()) }
    #expect(try await client.read() == bytes)
    #expect(server.requests.map { $0.header("range") } == [nil, "bytes=700-", "bytes=1400-", "bytes=2100-"])
  }

  @Test(arguments: Wire.allCases)
  func leavesTheConnectionWhenTheReaderStops(wire: Wire) async throws {
    let (closed, closing) = AsyncStream.makeStream(of: Void.self)
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
      // No endless flood: Foundation on Linux cannot cancel while a server is quicker than it reads.
      let piece = Array(repeating: UInt8(ascii: "x"), count: 64 << 10)
      var sent = 0
      while sent < 64 << 20, connection.send(piece) { sent += piece.count }
      connection.waitForPeerToClose()
      closing.finish()
    }
    defer { server.stop() }
    for try await chunk in BatchClient.loopback(server, wire).content(of: "file-1") where !chunk.isEmpty {
      break
    }
    for await _ in closed {}
  }
}
