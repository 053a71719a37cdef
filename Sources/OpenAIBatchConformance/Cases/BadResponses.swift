// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Responses that break the rules, or break off.
extension CaseDefinition {
  /// What the server says to a POST before it closes, and what the call must fail as.
  private static func expect(
    _ kind: TransportFailure.Kind, _ bench: Bench, resets: Bool = false, _ responses: [String]
  ) async throws {
    for response in responses {
      let server = try bench.server { connection in
        guard connection.readRequest() != nil else { return }
        connection.send(response)
        guard resets else { return }
        // Or the peer's kernel may drop what it has not read yet.
        rest(milliseconds: 50)
        connection.reset()
      }
      for method in [HTTPRequest.Method.get, .post] {
        let request = server.request(method, body: method == .post ? .bytes([1]) : .empty)
        let transport = bench.transport()
        try await bench.promptly {
          try await bench.expectFailure(
            kind, reached: true, about: "\(method), answered by \(response.prefix(90).debugDescription),",
            of: request,
            on: transport)
        }
        let count = server.requests.count { $0.method == method.rawValue }
        try bench.expect(count == 1, "The server saw \(count) requests.")
      }
      await server.end()
    }
  }

  static let closeInsideHead = CaseDefinition(
    ["R1"], "A connection that closes inside the head of a response is `truncated`."
  ) { bench in
    try await expect(
      .truncated, bench,
      [
        "HTTP/1.1 200 OK\r\nContent-Type: text/pl", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
      ])
    try await expect(.truncated, bench, resets: true, ["HTTP/1.1 200 OK\r\nContent-Type: te"])
  }

  static let cutBody = CaseDefinition(
    ["R2"], "A body shorter than its Content-Length is delivered as far as it came, then `truncated`."
  ) { bench in
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"
    try await expect(.truncated, bench, [response])
    let server = try bench.sending(response)
    var body = try await bench.transport().send(server.request()).takeBody()
    var bytes: [UInt8] = []
    for _ in 0..<2 {
      do throws(TransportFailure) {
        while let piece = try await body.next() { bytes += piece }
        throw TransportFailure(.invalid, "The body ended well.")
      } catch {
        try bench.expect(error, [.truncated])
      }
    }
    try bench.expect(bytes == Array("only this".utf8), "Got \(bytes).")
  }

  static let resetInsideBody = CaseDefinition(["R2"], "A reset inside a body is `truncated`.") { bench in
    try await expect(
      .truncated, bench, resets: true, ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"])
  }

  static let cutChunks = CaseDefinition(
    ["R3"], "A chunked body that is cut, between two chunks or inside one, is `truncated`."
  ) { bench in
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    try await expect(
      .truncated, bench,
      [head, head + "4\r\nfour\r\n", head + "400\r\nfour", head + "4", head + "4\r\nfour\r\n0\r\n"])
  }

  static let notHTTP = CaseDefinition(
    ["R4"], "What is not HTTP/1.1 is `malformed`: garbage, illegal chunks, lengths that are none."
  ) { bench in
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    try await expect(
      .malformed, bench,
      [
        chunked + "zz\r\nfour\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nhello", "this is no HTTP at all\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\u{0}\u{1}\u{2}garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        "HTTP/1.1 999999 Odd\r\n\r\n",
      ])
  }

  static let hugeLength = CaseDefinition(
    ["R4"], "A Content-Length as large as a number can be is no trap: `malformed`, or `truncated` in the end."
  ) { bench in
    for length in [Int.max, Int.max - 1, 1 << 62] {
      let server = try bench.sending("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\nhello")
      let failure = await bench.transport().failure(of: server.request())
      try bench.expect(failure, [.malformed, .truncated])
    }
  }

  static let conflictingLengths = CaseDefinition(
    ["R5"], "Different Content-Length fields are `malformed`; equal ones are one."
  ) { bench in
    try await expect(
      .malformed, bench,
      [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!",
      ])
    let server = try bench.sending("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok")
    let (_, body) = try await bench.transport().exchange(server.request())
    try bench.expect(body == Array("ok".utf8), "Got \(body).")
  }

  static let hugeHead = CaseDefinition(
    ["R10"], "A header line, or a row of interim responses, beyond all measure is `tooLarge`."
  ) { bench in
    try await expect(
      .tooLarge, bench,
      [
        "HTTP/1.1 200 OK\r\nX-Long: " + String(repeating: "a", count: 400_000) + "\r\n\r\n",
        String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 50_000),
      ])
  }

  static let manyFields = CaseDefinition(["R10"], "A head of 100,000 fields is `tooLarge`.") { bench in
    try await expect(
      .tooLarge, bench, ["HTTP/1.1 200 OK\r\n" + String(repeating: "X-A: 1\r\n", count: 100_000)])
  }
}
