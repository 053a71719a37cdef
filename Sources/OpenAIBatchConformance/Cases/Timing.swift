// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// What each timeout measures, and what it does not.
extension CaseDefinition {
  static let silentServer = CaseDefinition(
    ["S6", "L11"],
    "A server that never answers is `timedOut` within a second of the idle or the total timeout."
  ) { bench in
    let short = Duration.milliseconds(300)
    let transport = bench.transport()
    for timeouts in [Timeouts(idle: short, total: nil), Timeouts(total: short)] {
      for (method, body) in [
        (HTTPRequest.Method.get, RequestBody.empty), (.post, .bytes([1])), (.post, .empty),
      ] {
        let server = try bench.server { connection in
          _ = connection.readRequest()
          connection.waitForPeerToClose()
        }
        try await bench.promptly(after: short) {
          try await bench.expectFailure(
            .timedOut, reached: true, about: "\(method) with \(timeouts)",
            of: server.request(method, body: body, timeouts: timeouts), on: transport)
        }
        try bench.expect(server.requests.count == 1, "The server saw \(server.requests.count) requests.")
        try await bench.promptly { try await waitUntil { server.openConnectionCount == 0 } }
      }
    }
  }

  static let silenceInsideBody = CaseDefinition(
    ["S6"], "A body that stops coming is `timedOut` by the idle or the total timeout."
  ) { bench in
    let short = Duration.milliseconds(300)
    for timeouts in [Timeouts(idle: short, total: nil), Timeouts(total: short)] {
      let server = try bench.server { connection in
        _ = connection.readRequest()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        connection.waitForPeerToClose()
      }
      try await bench.promptly(after: short) {
        try await bench.expectFailure(
          .timedOut, reached: true, of: server.request(timeouts: timeouts), on: bench.transport())
      }
    }
  }

  static let waitInLine = CaseDefinition(
    ["L3"], "A call whose total timeout passes while it waits for its turn is `notSent`."
  ) { bench in
    let server = try bench.server { connection in
      _ = connection.readRequest()
      connection.waitForPeerToClose()
    }
    let transport = bench.transport(maxConnections: 1)
    let first = Task { await transport.failure(of: server.request(.get, "/first")) }
    try await waitUntil { !server.requests.isEmpty }
    let short = Duration.milliseconds(300)
    for body in [RequestBody.empty, .bytes([1])] {
      let request = server.request(.post, body: body, timeouts: Timeouts(total: short))
      try await bench.promptly(after: short) {
        try await bench.expectFailure(.notSent, reached: false, of: request, on: transport)
      }
    }
    first.cancel()
    try bench.expect(await first.value, [.cancelled])
    try bench.expect(server.requests.count == 1, "The server saw \(server.requests.count) requests.")
  }

  static let extremeTimeouts = CaseDefinition(
    ["S6"], "Timeouts of nothing end a call, and endless ones do not; neither traps."
  ) { bench in
    let server = try bench.answering { _ in LoopbackAnswer(body: "ok") }
    let mute = try bench.server { $0.waitForPeerToClose() }
    let transport = bench.transport()
    for none in [Duration.zero, .seconds(-1)] {
      let request = mute.request(timeouts: Timeouts(connect: none, idle: none, total: none))
      try await bench.promptly {
        try await bench.expectFailure(.notSent, .timedOut, of: request, on: transport)
      }
    }
    let endless = Duration.seconds(Int64.max)
    let timeouts = Timeouts(connect: endless, idle: endless, total: endless)
    for (method, body) in [(HTTPRequest.Method.get, RequestBody.empty), (.post, .bytes([1]))] {
      let (_, received) = try await transport.exchange(server.request(method, body: body, timeouts: timeouts))
      try bench.expect(received == Array("ok".utf8), "Got \(received).")
    }
  }

  static let slowHead = CaseDefinition(
    ["R9"], "A head that drips in is ended by the total timeout."
  ) { bench in
    let server = try bench.server { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\n")
      while connection.send("X-Slow: 1\r\n") { rest(milliseconds: 20) }
    }
    let timeouts = Timeouts(idle: .seconds(20), total: .milliseconds(400))
    try await bench.promptly(after: .milliseconds(400)) {
      try await bench.expectFailure(
        .timedOut, reached: true, of: server.request(timeouts: timeouts), on: bench.transport())
    }
  }

  static let restingSource = CaseDefinition(
    ["S10"], "Time in which the body's source rests does not count as idle.", needs: .streamingUploads
  ) { bench in
    let server = try bench.answering { LoopbackAnswer(body: $0.body) }
    let turns = Mutex(0)
    let body = RequestBody.producer(length: nil, isReplayable: false) {
      PieceReader {
        let turn = turns.withLock { turns in
          turns += 1
          return turns
        }
        // The rest itself is what is tested.
        if turn == 2 { try await Task.sleep(for: .milliseconds(700)) }
        return turn <= 2 ? [1, 2, 3] : nil
      }
    }
    let timeouts = Timeouts(idle: .milliseconds(350), total: nil)
    let (_, received) = try await bench.transport().exchange(
      server.request(.post, body: body, timeouts: timeouts))
    try bench.expect(received == [1, 2, 3, 1, 2, 3], "The server got \(received).")
  }

  static let restingReader = CaseDefinition(
    ["L4"], "Time in which the reader rests does not count as idle."
  ) { bench in
    let server = try bench.server { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(16 << 20)\r\n\r\n")
      for _ in 0..<16 where !connection.send(Pattern.block) { return }
    }
    let timeouts = Timeouts(idle: .milliseconds(400), total: nil)
    var body = try await bench.transport().send(server.request(timeouts: timeouts)).takeBody()
    var content = Pattern()
    if let piece = try await body.next() { content.compare(piece) }
    // The rest itself is what is tested.
    try await Task.sleep(for: .milliseconds(1_000))
    while let piece = try await body.next() { content.compare(piece) }
    try bench.expect(content.count == 16 << 20 && content.isIntact, "The body is not what was sent.")
  }
}
