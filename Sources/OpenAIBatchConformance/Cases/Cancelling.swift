// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// Cancelling in each phase: the call fails as `cancelled` once, within 50 ms, and its connection is closed.
extension CaseDefinition {
  private static let promise = Duration.milliseconds(50)

  /// Cancels `task`, which must end within the bound.
  @discardableResult
  private static func cancel(
    _ bench: Bench, _ task: Task<TransportFailure?, Never>, reached: Bool? = nil
  ) async throws -> TransportFailure {
    let failure = try await bench.promptly {
      task.cancel()
      return await task.value
    }
    return try bench.expect(failure, [.cancelled], reached: reached)
  }

  static let cancelBeforeSending = CaseDefinition(
    ["L1"], "A cancelled task sends nothing.", promise: promise
  ) { bench in
    let server = try bench.answering { _ in LoopbackAnswer() }
    let transport = bench.transport()
    let mayStart = bench.event()
    let task = Task {
      await mayStart.wait()
      return await transport.failure(of: server.request(.post, body: .bytes([1])))
    }
    task.cancel()
    mayStart.signal()
    try await cancel(bench, task, reached: false)
    try bench.expect(server.connectionCount == 0, "A connection was opened.")
  }

  static let cancelWhileQueued = CaseDefinition(
    ["L1"], "A call that waits for its turn can be cancelled, and was not sent.", promise: promise
  ) { bench in
    let server = try bench.server { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    let transport = bench.transport(maxConnections: 1)
    let first = Task { await transport.failure(of: server.request(.get, "/first")) }
    try await waitUntil { !server.requests.isEmpty }
    let queued = (0..<50).map { _ in Task { await transport.failure(of: server.request(.get, "/queued")) } }
    for task in queued { try await cancel(bench, task, reached: false) }
    try await cancel(bench, first, reached: true)
    let seen = server.requests.map(\.target)
    try bench.expect(seen == ["/first"], "The server saw \(seen).")
  }

  static let cancelWhileConnecting = CaseDefinition(
    ["L1"], "A call in its TLS handshake can be cancelled, and was not sent.", promise: promise, needs: .tls
  ) { bench in
    let isAccepted = bench.event()
    let server = try bench.server { connection in
      isAccepted.signal()
      connection.waitForPeerToClose()
    }
    let transport = bench.transport()
    let task = Task { await transport.failure(of: server.request(.post, body: .bytes([1]), scheme: "https")) }
    await isAccepted.wait()
    // Who cannot tell connecting from sending must say that the server may have got the request.
    try await cancel(bench, task, reached: bench.has(.connectTimeout) ? false : nil)
  }

  static let cancelWhileSending = CaseDefinition(
    ["L1"], "A call that sends its body can be cancelled, and its source is let go.", promise: promise,
    needs: .streamingUploads
  ) { bench in
    let isResting = bench.event()
    let isReleased = bench.event()
    let readers: [(PieceReader, rests: Bool)] = [
      (PieceReader(1_000, of: Pattern.block), false),
      (.resting(after: 1, asked: isResting, released: isReleased), true),
    ]
    for (reader, rests) in readers {
      let hasBegun = bench.event()
      let mayEnd = bench.event()
      let server = try bench.server { connection in
        guard connection.readHead() != nil, connection.readSome(atMost: 1) != nil else { return }
        hasBegun.signal()
        mayEnd.block()
      }
      let transport = bench.transport()
      let body = RequestBody.producer(length: nil, isReplayable: false) { reader }
      let task = Task { await transport.failure(of: server.request(.post, body: body)) }
      await hasBegun.wait()
      if rests { await isResting.wait() }
      try await cancel(bench, task, reached: true)
    }
    try await bench.promptly { await isReleased.wait() }
  }

  static let cancelWhileAwaitingHead = CaseDefinition(
    ["L1"], "A call that waits for an answer can be cancelled, and its connection closes.", promise: promise
  ) { bench in
    for (method, body) in [
      (HTTPRequest.Method.get, RequestBody.empty), (.post, .bytes([1])), (.delete, .empty),
    ] {
      let isRead = bench.event()
      let isClosed = bench.event()
      let server = try bench.server { connection in
        _ = connection.readRequest()
        isRead.signal()
        connection.waitForPeerToClose()
        isClosed.signal()
      }
      let transport = bench.transport()
      let task = Task { await transport.failure(of: server.request(method, body: body)) }
      await isRead.wait()
      try await cancel(bench, task, reached: true)
      try await bench.promptly { await isClosed.wait() }
    }
  }

  static let cancelInsideBody = CaseDefinition(
    ["L1"], "A body that is being read can be cancelled, stays so, and its connection closes.",
    promise: promise
  ) { bench in
    let isClosed = bench.event()
    let server = try bench.server { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      connection.waitForPeerToClose()
      isClosed.signal()
    }
    let reader = try await bench.transport().send(server.request()).takeBody().makeReader()
    _ = try await reader.next()
    let task = Task { await reader.failure() }
    await Task.yield()
    try await cancel(bench, task)
    try await bench.promptly { await isClosed.wait() }
    try bench.expect(await reader.failure(), [.cancelled])
  }

  static let cancelWhilePaused = CaseDefinition(
    ["L1"], "A transfer that rests because nobody reads can be cancelled, and its connection closes.",
    promise: promise
  ) { bench in
    let isClosed = bench.event()
    let server = try bench.server { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
      for _ in 0..<90 where !connection.send(Pattern.block) { break }
      connection.waitForPeerToClose()
      isClosed.signal()
    }
    let mayCancel = bench.event()
    let reader = try await bench.transport().send(server.request(timeouts: .transfer)).takeBody().makeReader()
    let task = Task { () -> TransportFailure? in
      await mayCancel.wait()
      return await reader.failure()
    }
    // Long enough for a transfer that pauses to have paused: the rest itself is what is tested.
    try await Task.sleep(for: .milliseconds(300))
    task.cancel()
    mayCancel.signal()
    try await cancel(bench, task)
    try await bench.promptly { await isClosed.wait() }
  }

  static let cancelAfterEnd = CaseDefinition(
    ["L1"], "Cancelling a finished call changes nothing.", promise: promise
  ) { bench in
    let server = try bench.answering { _ in LoopbackAnswer(body: "ok") }
    let transport = bench.transport()
    for _ in 0..<bench.repetitions {
      let task = Task { try await transport.exchange(server.request()).body }
      let body = try await task.value
      task.cancel()
      try bench.expect(body == Array("ok".utf8), "Got \(body).")
    }
    try bench.expect(server.connectionCount == 1, "\(server.connectionCount) connections were opened.")
  }

  static let cancelStorm = CaseDefinition(
    ["L2"], "Calls that are cancelled at random end once each, as answered or as `cancelled`."
  ) { bench in
    let server = try bench.answering { LoopbackAnswer(body: $0.body) }
    let transport = bench.transport(maxConnections: 16)
    let count = bench.repetitions * 10
    let counts = await withTaskGroup(of: TransportFailure.Kind?.self) { group in
      for index in 0..<count {
        group.addTask {
          let request =
            index % 2 == 0 ? server.request(.post, body: .bytes([1, 2, 3])) : server.request()
          let task = Task { await transport.failure(of: request) }
          if index % 4 != 0 {
            for _ in 0..<Int.random(in: 0..<200) { await Task.yield() }
            task.cancel()
          }
          return await task.value?.kind
        }
      }
      return await group.reduce(into: [TransportFailure.Kind?: Int]()) { $0[$1, default: 0] += 1 }
    }
    try bench.expect(Set(counts.keys).isSubset(of: [nil, .cancelled]), "Calls ended as \(counts).")
    try bench.expect(counts[nil, default: 0] >= count / 4, "Calls failed that nobody cancelled: \(counts)")
    let (_, body) = try await transport.exchange(server.request(.post, body: .bytes([7])))
    try bench.expect(body == [7], "The call after the storm got \(body).")
  }
}

extension ResponseBodyReader {
  /// Reads on, until a failure; `nil` when the body ended well.
  fileprivate func failure() async -> TransportFailure? {
    do throws(TransportFailure) {
      while try await next() != nil {}
      return nil
    } catch {
      return error
    }
  }
}
