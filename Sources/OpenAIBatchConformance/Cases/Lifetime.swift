// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// Many calls, slow readers, and the end of a transport.
extension CaseDefinition {
  static let manyCalls = CaseDefinition(
    ["L3"], "Calls beyond the limit wait, first in, first out; all complete.", promise: .seconds(2)
  ) { bench in
    let order = (0..<20).map { "/\($0)" }
    var seen: [String] = []
    // No event tells that a call has taken its place in the line, and a thread may be put to rest just before it does.
    // No other line than one that is first in, first out ever lets twenty calls pass in their order.
    for _ in 0..<5 where seen != order { seen = try await callsThatWaited(order, bench) }
    try bench.expect(seen == order, "The calls came in the order \(seen).")

    let crowd = try bench.answering { LoopbackAnswer(body: $0.body) }
    let transport = bench.transport(maxConnections: 8)
    try await bench.promptly {
      try await withThrowingTaskGroup { group in
        for index in 0..<bench.repetitions * 10 {
          group.addTask {
            let text = Array("call \(index)".utf8)
            let (_, body) = try await transport.exchange(crowd.request(.post, body: .bytes(text)))
            try bench.expect(body == text, "Call \(index) got another call's answer.")
          }
        }
        try await group.waitForAll()
      }
    }
    try bench.expect(crowd.mostConnections <= 9, "\(crowd.mostConnections) connections were open at once.")
  }

  /// Sends a call to each target while the only connection is busy; returns the targets as the server saw them.
  private static func callsThatWaited(_ targets: [String], _ bench: Bench) async throws -> [String] {
    let mayAnswer = bench.event()
    let server = try bench.server { connection in
      while let request = connection.readRequest() {
        if request.target == "/first" { mayAnswer.block() }
        connection.send(
          "HTTP/1.1 200 OK\r\nContent-Length: \(request.target.utf8.count)\r\n\r\n\(request.target)")
      }
    }
    let transport = bench.transport(maxConnections: 1)
    let first = Task { try await transport.exchange(server.request(.get, "/first")) }
    try await waitUntil { !server.requests.isEmpty }
    var waiting: [Task<Void, any Error>] = []
    for target in targets {
      let hasBegun = bench.event()
      waiting.append(
        Task {
          hasBegun.signal()
          let (_, body) = try await transport.exchange(server.request(.get, target))
          try bench.expect(body == Array(target.utf8), "\(target) got another call's answer.")
        })
      await hasBegun.wait()
      try await Task.sleep(for: .milliseconds(10) * bench.slowdown)
    }
    mayAnswer.signal()
    _ = try await first.value
    for task in waiting { try await task.value }
    return server.requests.dropFirst().map(\.target)
  }

  static let slowReader = CaseDefinition(
    ["L4"], "A reader that rests makes the server wait: at most 2 MiB are held.", promise: .seconds(2),
    needs: .responseBackPressure
  ) { bench in
    let sent = Mutex(0)
    let server = try bench.server { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(64 << 20)\r\n\r\n")
      for _ in 0..<64 {
        guard connection.send(Pattern.block) else { return }
        sent.withLock { $0 += 1 }
      }
    }
    var body = try await bench.transport().send(server.request(timeouts: .transfer)).takeBody()
    var content = Pattern()
    if let piece = try await body.next() { content.compare(piece) }
    // The server goes on until buffers are full; then its count stands still.
    var last = -1
    while last != sent.withLock({ $0 }) {
      last = sent.withLock { $0 }
      try await Task.sleep(for: .milliseconds(150))
    }
    // What is not the transport's lies in the kernel's buffers.
    try bench.expect(last < 24, "The server could send \(last) MiB that nobody read.")
    try await bench.promptly {
      while let piece = try await body.next() { content.compare(piece) }
    }
    try bench.expect(content.count == 64 << 20 && content.isIntact, "The body is not what was sent.")
  }

  static let droppedBody = CaseDefinition(
    ["L5"], "A body that is dropped ends its transfer, and the next call is not disturbed."
  ) { bench in
    let isClosed = bench.event()
    let server = try bench.server { connection in
      guard let request = connection.readRequest() else { return }
      guard request.target == "/endless" else {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return
      }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
      // More than the sockets hold, but no endless flood: a client that cancels on the thread that reads would have
      // to be quicker than this server.
      var sent = 0
      while sent < 256 << 20, connection.send(Pattern.block) { sent += Pattern.block.count }
      connection.waitForPeerToClose()
      isClosed.signal()
    }
    let transport = bench.transport(maxConnections: 1)
    do {
      var body = try await transport.send(server.request(.get, "/endless", timeouts: .transfer)).takeBody()
      _ = try await body.next()
    }
    try await bench.promptly { await isClosed.wait() }
    let (_, received) = try await transport.exchange(server.request())
    try bench.expect(received == Array("ok".utf8), "Got \(received).")
    do { _ = try await transport.send(server.request(.get, "/endless")) }
    _ = try await bench.promptly { try await transport.exchange(server.request()) }
  }

  static let noDescriptors = CaseDefinition(
    ["L6"], "Without a free descriptor a call is `notSent`, and works again when there is one."
  ) { bench in
    let server = try bench.sending("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    let transport = bench.transport()
    _ = try await transport.exchange(server.request())
    // The server's end of that connection is a descriptor too, and must not become free in between.
    try await waitUntil { server.openConnectionCount == 0 }
    let request = server.request(.post)
    let failure = try await withoutDescriptors { await transport.failure(of: request) }
    try bench.expect(failure, [.notSent], reached: false)
    let (_, body) = try await bench.promptly { try await transport.exchange(server.request()) }
    try bench.expect(body == Array("ok".utf8), "Got \(body).")
  }

  static let release = CaseDefinition(
    ["L7"], "With the last reference calls in flight fail as `shutDown`, and their connections close."
  ) { bench in
    let isClosed = bench.event()
    let server = try bench.server { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
      connection.waitForPeerToClose()
      isClosed.signal()
    }
    func open() async throws -> ResponseBody {
      try await bench.unkeptTransport().transport.send(server.request()).takeBody()
    }
    var body = try await open()
    try await bench.promptly {
      do throws(TransportFailure) {
        while try await body.next() != nil {}
        throw TransportFailure(.invalid, "The body ended well.")
      } catch {
        try bench.expect(error, [.shutDown])
      }
      await isClosed.wait()
    }
  }

  static let shutdown = CaseDefinition(
    ["L7"], "A transport can be shut down unused and twice; later calls fail as `shutDown`, unsent."
  ) { bench in
    await bench.unkeptTransport().shutdown()
    let server = try bench.answering { _ in LoopbackAnswer(body: "ok") }
    let subject = bench.unkeptTransport()
    _ = try await subject.transport.exchange(server.request())
    try await bench.promptly {
      await subject.shutdown()
      await subject.shutdown()
    }
    try await bench.expectFailure(.shutDown, reached: false, of: server.request(), on: subject.transport)
    try bench.expect(server.requests.count == 1, "The call after the end was sent.")
  }

  static let shutdownDrains = CaseDefinition(
    ["L7"], "A shutdown refuses new calls, and lets those finish that run or wait."
  ) { bench in
    let mayAnswer = bench.event()
    let server = try bench.server { connection in
      while connection.readRequest() != nil {
        mayAnswer.block()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
    }
    let subject = bench.unkeptTransport(maxConnections: 1)
    let running = Task { try await subject.transport.exchange(server.request()) }
    try await waitUntil { server.requests.count == 1 }
    let waiting = Task { try await subject.transport.exchange(server.request(.get, "/waiting")) }
    // When this one has waited in vain, the other is in the line.
    let late = server.request(timeouts: Timeouts(total: .milliseconds(20)))
    try await bench.expectFailure(.notSent, of: late, on: subject.transport)
    let end = Task { await subject.shutdown() }
    // Refusal tells that the shutdown has begun.
    while await subject.transport.failure(of: late)?.kind != .shutDown { try Task.checkCancellation() }
    mayAnswer.signal()
    try await bench.promptly {
      _ = try await running.value
      _ = try await waiting.value
      await end.value
    }
    try bench.expect(server.requests.count == 2, "A call that waited was not sent, or one too many was.")
  }

  static let cancelledShutdown = CaseDefinition(
    ["L7"], "A shutdown whose task is cancelled ends what runs and what waits as `shutDown`."
  ) { bench in
    let server = try bench.server { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    let subject = bench.unkeptTransport(maxConnections: 1)
    let running = Task { await subject.transport.failure(of: server.request()) }
    try await waitUntil { server.requests.count == 1 }
    let waiting = Task { await subject.transport.failure(of: server.request()) }
    let late = server.request(timeouts: Timeouts(total: .milliseconds(20)))
    try await bench.expectFailure(.notSent, of: late, on: subject.transport)
    let end = Task { await subject.shutdown() }
    try await bench.promptly {
      end.cancel()
      await end.value
    }
    let (first, second) = (await running.value, await waiting.value)
    try bench.expect(
      first?.kind == .shutDown && first?.mayHaveReachedServer == true, "The first: \(first as Any)")
    try bench.expect(
      second?.kind == .shutDown && second?.mayHaveReachedServer == false, "The second: \(second as Any)")
    try await cancelledShutdownWhileASourceRests(bench)
  }

  private static func cancelledShutdownWhileASourceRests(_ bench: Bench) async throws {
    let isResting = bench.event()
    let isReleased = bench.event()
    let server = try bench.server { $0.waitForPeerToClose() }
    let pieces = PieceReader.resting(after: 1, asked: isResting, released: isReleased)
    let body = RequestBody.producer(length: nil, isReplayable: false) { pieces }
    let subject = bench.unkeptTransport()
    let call = Task { await subject.transport.failure(of: server.request(.post, body: body)) }
    await isResting.wait()
    let end = Task { await subject.shutdown() }
    try await bench.promptly {
      end.cancel()
      await end.value
      try bench.expect(await call.value, [.shutDown])
      await isReleased.wait()
    }
  }

  static let nothingGrows = CaseDefinition(
    ["L1", "L7"], "Transports come and go, with calls that succeed and fail, and leave nothing behind.",
    promise: .seconds(3)
  ) { bench in
    let server = try bench.server { connection in
      while let request = connection.readRequest() {
        switch request.target {
        case "/cut": connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        case "/mute": connection.waitForPeerToClose()
        default: connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }
        if request.target != "/" { return }
      }
    }
    func turn() async throws {
      let subject = bench.unkeptTransport()
      _ = try await subject.transport.exchange(server.request())
      _ = try await subject.transport.exchange(server.request(.post, body: .bytes([1])))
      try await bench.expectFailure(.truncated, of: server.request(.get, "/cut"), on: subject.transport)
      let mute = Task { await subject.transport.failure(of: server.request(.get, "/mute")) }
      try await waitUntil { server.requests.last?.target == "/mute" }
      mute.cancel()
      try bench.expect(await mute.value, [.cancelled])
      await subject.shutdown()
    }
    for _ in 0..<20 { try await turn() }
    let before = await bench.counts()
    let memory = ProcessCounts.residentBytes
    try await bench.promptly { for _ in 0..<100 { try await turn() } }
    if let growth = await before.growth(within: .seconds(5) * bench.slowdown) {
      throw Violation(description: growth)
    }
    if bench.measuresMemory, let memory, let after = ProcessCounts.residentBytes {
      try bench.expect(after - memory < 8 << 20, "Memory grew by \((after - memory) >> 10) KiB in 100 turns.")
    }
  }

  /// Runs `body` while the process can open nothing.
  private static func withoutDescriptors<Value>(_ body: () async -> Value) async throws -> Value {
    let limit = try DescriptorLimit.lowerToOpen()
    defer { limit.restore() }
    return await body()
  }
}
