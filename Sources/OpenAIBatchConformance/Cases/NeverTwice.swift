// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Connections that die: a request is sent at most once, and its failure says whether it may have arrived.
extension CaseDefinition {
  static let staleConnection = CaseDefinition(
    ["S1"], "A kept connection that the server closed is replaced, and one request is seen."
  ) { bench in
    let server = try bench.server { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    let transport = bench.transport()
    for count in 1...5 {
      _ = try await transport.exchange(server.request())
      try await waitUntil { server.openConnectionCount == 0 }
      _ = try await transport.exchange(server.request(.post, body: .bytes([1, 2])))
      try await waitUntil { server.openConnectionCount == 0 }
      let posts = server.requests.count { $0.method == "POST" }
      try bench.expect(posts == count, "The server saw \(posts) requests in place of \(count).")
    }
  }

  static let postThenClose = CaseDefinition(
    ["S2"], "A POST that the server took before it closed a kept connection is seen exactly once."
  ) { bench in
    for body in replayableBodies { try await expectOnePost(bench, body: body, resets: false) }
  }

  static let postThenReset = CaseDefinition(
    ["S3"], "A POST that the server took before it reset a kept connection is seen exactly once."
  ) { bench in
    for body in replayableBodies { try await expectOnePost(bench, body: body, resets: true) }
  }

  static let bodylessPostThenClose = CaseDefinition(
    ["S2", "S3"], "The same for a POST and a DELETE without a body, which libcurl repeats by itself."
  ) { bench in
    for resets in [false, true] {
      for method in [HTTPRequest.Method.post, .delete] {
        try await expectOnePost(bench, method: method, body: .empty, resets: resets)
      }
    }
  }

  private static let replayableBodies: [RequestBody] = [
    .bytes([UInt8](repeating: 0x61, count: 1_000)),
    .producer(length: 1_000, isReplayable: true) {
      PieceReader(10, of: [UInt8](repeating: 0x61, count: 100))
    },
    .producer(length: nil, isReplayable: true) { PieceReader(10, of: [UInt8](repeating: 0x61, count: 100)) },
  ]

  /// The server answers the first request on each connection, reads the second whole, and breaks off.
  private static func expectOnePost(
    _ bench: Bench, method: HTTPRequest.Method = .post, body: RequestBody, resets: Bool
  ) async throws {
    let server = try bench.server { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      guard connection.readRequest() != nil, resets else { return }
      connection.reset()
    }
    let transport = bench.transport()
    for turn in 0..<bench.repetitions {
      _ = try await transport.exchange(server.request())
      let path = "/\(turn)"
      if let failure = await transport.failure(of: server.request(method, path, body: body)) {
        try bench.expect(failure, [.interrupted], reached: true)
      }
      let seen = server.requests.filter { $0.target == path }
      try bench.expect(seen.count == 1, "The server saw \(seen.count) requests in place of one.")
      if let length = body.length {
        try bench.expect(
          seen[0].body.count == Int(length), "The server saw \(seen[0].body.count) of \(length) bytes.")
      }
    }
  }

  static let resetAtHead = CaseDefinition(
    ["S4"], "A POST whose kept connection is reset at its head arrives whole or fails as `interrupted`."
  ) { bench in
    let server = try bench.server { connection in
      guard let first = connection.readRequest() else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      guard first.method == "GET", connection.readHead() != nil else { return }
      connection.reset()
    }
    let transport = bench.transport()
    let body = [UInt8](repeating: 0x61, count: 200_000)
    for _ in 0..<min(bench.repetitions, 100) {
      _ = try await transport.exchange(server.request())
      if let failure = await transport.failure(of: server.request(.post, body: .bytes(body))) {
        try bench.expect(failure, [.interrupted], reached: true)
      }
    }
    let posts = server.requests.filter { $0.method == "POST" }
    try bench.expect(posts.allSatisfy { $0.body == body }, "The server took a cut body for a whole one.")
  }

  static let deadFreshConnection = CaseDefinition(
    ["S5"],
    "A new connection that ends before any byte of a response is `interrupted`, and one request is seen."
  ) { bench in
    for resets in [false, true] {
      let server = try bench.server { connection in
        guard connection.readRequest() != nil, resets else { return }
        connection.reset()
      }
      let transport = bench.transport()
      let methods = [HTTPRequest.Method.get, .post, .delete]
      for method in methods {
        try await bench.promptly {
          try await bench.expectFailure(
            .interrupted, reached: true,
            of: server.request(method, body: method == .post ? .bytes([1]) : .empty),
            on: transport)
        }
      }
      let seen = server.requests.map(\.method)
      try bench.expect(seen == methods.map(\.rawValue), "The server saw \(seen).")
    }
  }
}
