// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Reaching the server, and refusing to.
extension CaseDefinition {
  static let unknownHost = CaseDefinition(
    ["C1"], "A host that does not exist is `notSent`; the message names it and no credential."
  ) { bench in
    let request = TransportRequest(
      head: HTTPRequest(
        method: .post, scheme: "http", authority: "no-such-host.invalid", path: "/",
        headerFields: [.authorization: "Bearer canary"]), body: .bytes([1]), operation: "conformance")
    let failure = try await bench.expectFailure(.notSent, reached: false, of: request, on: bench.transport())
    try bench.expect(
      failure.message.contains("no-such-host.invalid"), "The message names no host: \(failure)")
    try bench.expect(!"\(failure)".contains("canary"), "The failure shows a credential.")
  }

  static let closedPort = CaseDefinition(["C3"], "A port that nobody listens on is `notSent`.") { bench in
    let server = try bench.server { _ in }
    await server.end()
    for body in [RequestBody.empty, .bytes([1])] {
      let request = server.request(.post, body: body)
      let failure = try await bench.promptly {
        try await bench.expectFailure(.notSent, reached: false, of: request, on: bench.transport())
      }
      try bench.expect(failure.message.contains("127.0.0.1"), "The message names no host: \(failure)")
    }
  }

  static let unansweredConnect = CaseDefinition(
    ["C4"], "A host that does not answer a connect is `notSent` when the connect timeout has passed.",
    needs: .connectTimeout
  ) { bench in
    // A listener whose queue is full answers no further connect.
    let listener = try Socket.listening(backlog: 0)
    let fillers = try (0..<4).map { _ in try Socket.connecting(to: listener.port) }
    let request = TransportRequest(
      head: HTTPRequest(
        method: .get, scheme: "http", authority: "127.0.0.1:\(listener.port)", path: "/"),
      timeouts: Timeouts(connect: .milliseconds(300)), operation: "conformance")
    try await bench.promptly(after: .milliseconds(300)) {
      try await bench.expectFailure(.notSent, reached: false, of: request, on: bench.transport())
    }
    for filler in fillers { filler.close() }
    listener.close()
  }

  static let oneDeadAddress = CaseDefinition(
    ["C5"], "Of a host's addresses one is enough, be it the IPv4 or the IPv6 one."
  ) { bench in
    let answer: @Sendable (LoopbackConnection) -> Void = { connection in
      while connection.readRequest() != nil {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
    }
    var servers = [try bench.server(.v4, answer)]
    // Not every host has both, or `localhost` for both.
    if let server = try? bench.server(.v6, answer), contents(ofFile: "/etc/hosts")?.hasLocalhostV6 == true {
      servers.append(server)
    }
    for server in servers {
      let (head, _) = try await bench.promptly {
        try await bench.transport().exchange(server.request(host: "localhost"))
      }
      try bench.expect(head.status == 200, "The status is \(head.status.code).")
    }
  }

  static let plaintextOnTLSPort = CaseDefinition(
    ["C7"], "A server that does not speak TLS is `insecure`, and nothing was sent.", needs: .tls
  ) { bench in
    try await expectOneHandshake(bench, .insecure) { connection in
      _ = connection.readSome(atMost: 1_000)
      connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    }
  }

  static let handshakeCutOff = CaseDefinition(
    ["C7"], "A server that hangs up in the TLS handshake is `insecure`, and nothing was sent.", needs: .tls
  ) { bench in
    try await expectOneHandshake(bench, .insecure) { _ = $0.readSome(atMost: 1_000) }
  }

  static let handshakeReset = CaseDefinition(
    ["C7"], "A server that resets the connection in the TLS handshake got nothing of the request.",
    needs: .tls
  ) { bench in
    try await expectOneHandshake(bench, .insecure, .notSent) { connection in
      _ = connection.readSome(atMost: 1_000)
      connection.reset()
    }
  }

  private static func expectOneHandshake(
    _ bench: Bench, _ kinds: TransportFailure.Kind...,
    script: @escaping @Sendable (LoopbackConnection) -> Void
  ) async throws {
    for body in [RequestBody.empty, .bytes([1])] {
      let server = try bench.server { script($0) }
      let failure = try await bench.promptly {
        await bench.transport().failure(of: server.request(.post, body: body, scheme: "https"))
      }
      try bench.expect(failure, kinds, reached: false)
      try bench.expect(server.connectionCount == 1, "There were \(server.connectionCount) attempts.")
    }
  }

  static let muteTLSPeer = CaseDefinition(
    ["C8"], "A TLS peer that says nothing is `notSent` when the connect timeout has passed.",
    needs: [.tls, .connectTimeout]
  ) { bench in
    let server = try bench.server { $0.waitForPeerToClose() }
    let request = server.request(timeouts: Timeouts(connect: .milliseconds(300)), scheme: "https")
    try await bench.promptly(after: .milliseconds(300)) {
      try await bench.expectFailure(.notSent, reached: false, of: request, on: bench.transport())
    }
  }

  static let proxyRefusal = CaseDefinition(
    ["C9"], "A proxy that refuses a tunnel is `proxy`; it never sees the request's credentials.",
    needs: [.proxy, .tls]
  ) { bench in
    for status in [403, 407, 502] {
      let proxy = try bench.server { connection in
        guard connection.readRequest() != nil else { return }
        connection.send("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n")
        connection.waitForPeerToClose()
      }
      let request = TransportRequest(
        head: HTTPRequest(
          method: .post, scheme: "https", authority: "api.invalid", path: "/",
          headerFields: [.authorization: "Bearer canary"]), body: .bytes([1]), operation: "conformance")
      let transport = bench.transport(proxy: "http://127.0.0.1:\(proxy.port)")
      try await bench.expectFailure(.proxy, reached: false, of: request, on: transport)
      let seen = proxy.requests
      try bench.expect(
        seen.map(\.method) == ["CONNECT"] && seen[0].header("authorization") == nil,
        "The proxy saw \(seen.map(\.method)), Authorization: \(seen.first?.header("authorization") ?? "none")."
      )
    }
  }

  static let invalidRequests = CaseDefinition(
    ["bad input"], "A request that cannot be sent as it is fails as `invalid`, and nothing is opened."
  ) { bench in
    let server = try bench.answering { _ in LoopbackAnswer() }
    let transport = bench.transport()
    func request(
      scheme: String? = "http", host: String? = nil, path: String? = "/", method: HTTPRequest.Method = .get,
      field: HTTPField? = nil
    ) -> TransportRequest {
      var fields = HTTPFields()
      if let field { fields.append(field) }
      return TransportRequest(
        head: HTTPRequest(
          method: method, scheme: scheme, authority: host ?? "127.0.0.1:\(server.port)", path: path,
          headerFields: fields), operation: "conformance")
    }
    let control = HTTPField(name: .authorization, lenientValue: [0x61, 0x01, 0x62])
    for (subject, request) in [
      ("No scheme", request(scheme: nil)), ("ftp", request(scheme: "ftp")), ("No host", request(host: "")),
      ("User information", request(host: "user:secret@127.0.0.1:\(server.port)")),
      ("A line break in the host", request(host: "127.0.0.1\r\nX: y")), ("No path", request(path: nil)),
      ("A path without /", request(path: "v1")), ("A line break in the path", request(path: "/a\r\nX: y")),
      ("A blank in the path", request(path: "/a b")), ("A control character", request(field: control)),
    ] {
      let failure = try await bench.expectFailure(
        .invalid, reached: false, about: subject, of: request, on: transport)
      try bench.expect(!"\(failure)".contains("secret"), "The failure shows a password: \(failure)")
    }
    try bench.expect(server.connectionCount == 0, "There were \(server.connectionCount) connections.")
  }
}

extension String {
  fileprivate var hasLocalhostV6: Bool {
    split(separator: "\n").contains { line in
      let words = line.split { $0 == " " || $0 == "\t" }
      return words.first == "::1" && words.dropFirst().contains("localhost")
    }
  }
}
