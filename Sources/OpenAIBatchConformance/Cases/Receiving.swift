// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// Responses of every shape, from servers that behave.
extension CaseDefinition {
  static let statuses = CaseDefinition(
    ["S7"], "Every status is a response with its fields and its body, a failure's too."
  ) { bench in
    let server = try bench.answering { request in
      LoopbackAnswer(
        Int(request.target.dropFirst()) ?? 0,
        headers: [("X-Request-Id", "req_1"), ("WWW-Authenticate", #"Basic realm="a""#)], body: #"{"error":1}"#
      )
    }
    let transport = bench.transport(maxConnections: 1)
    for status in [200, 201, 400, 401, 404, 407, 409, 429, 500, 503] {
      for (method, body) in [(HTTPRequest.Method.get, RequestBody.empty), (.post, .bytes([1]))] {
        let request = server.request(method, "/\(status)", body: body)
        let (head, received) = try await bench.promptly { try await transport.exchange(request) }
        try bench.expect(head.status.code == status, "\(status) arrived as \(head.status.code).")
        try bench.expect(
          head.headerFields[try fieldName("x-request-id")] == "req_1", "\(status) lost a field.")
        try bench.expect(received == Array(#"{"error":1}"#.utf8), "\(status) lost its body.")
      }
    }
  }

  static let headBeforeBody = CaseDefinition(
    ["R8"], "The head is there before the body is, and the end of the body is told again to who asks again."
  ) { bench in
    let mayGoOn = bench.event()
    let server = try bench.server { connection in
      while connection.readRequest() != nil {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        mayGoOn.block()
        connection.send("late")
      }
    }
    let start = ContinuousClock.now
    var body = try await bench.transport().send(server.request()).takeBody()
    try bench.expect(ContinuousClock.now - start < bench.bound, "The head came late.")
    mayGoOn.signal()
    var bytes: [UInt8] = []
    while let piece = try await body.next() { bytes += piece }
    try bench.expect(bytes == Array("late".utf8), "Got \(bytes).")
    try bench.expect(try await body.next() == nil, "There is something behind the end.")
  }

  static let redirects = CaseDefinition(
    ["X1"], "A redirect is a response: no other host is called, and sees no credentials."
  ) { bench in
    let other = try bench.answering { _ in LoopbackAnswer() }
    let server = try bench.answering { request in
      LoopbackAnswer(
        Int(request.target.dropFirst()) ?? 0,
        headers: [("Location", "http://127.0.0.1:\(other.port)/elsewhere")],
        body: "see there")
    }
    let transport = bench.transport()
    for status in [301, 302, 303, 307, 308] {
      for (method, body) in [(HTTPRequest.Method.get, RequestBody.empty), (.post, .bytes([1, 2]))] {
        let request = server.request(
          method, "/\(status)", body: body, fields: [.authorization: "Bearer sk-1"])
        let (head, received) = try await transport.exchange(request)
        try bench.expect(head.status.code == status, "\(status) arrived as \(head.status.code).")
        try bench.expect(
          head.headerFields[.location]?.hasSuffix("/elsewhere") == true, "\(status) lost its Location.")
        try bench.expect(received == Array("see there".utf8), "\(status) lost its body.")
      }
    }
    try bench.expect(other.connectionCount == 0, "The other host was called.")
    try bench.expect(server.requests.count == 10, "The server saw \(server.requests.count) of 10 requests.")
  }

  static let lengthAndChunks = CaseDefinition(
    ["R6"], "Chunks win over a Content-Length."
  ) { bench in
    for length in [3, 300] {
      let server = try bench.sending(
        "HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n"
      )
      let (_, body) = try await bench.transport().exchange(server.request())
      try bench.expect(body == Array("four".utf8), "Got \(body) with a length of \(length).")
    }
  }

  static let bodyUntilClose = CaseDefinition(
    ["R7"], "A body without a length ends with its connection."
  ) { bench in
    let server = try bench.sending("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")
    let (_, body) = try await bench.transport().exchange(server.request())
    try bench.expect(body == Array("until the end".utf8), "Got \(body).")
  }

  static let drip = CaseDefinition(
    ["R8"], "A body of single bytes arrives whole, and each byte keeps the idle timeout away."
  ) { bench in
    let bytes = Array(Pattern.block[..<2_000])
    let server = try bench.server { connection in
      while let request = connection.readRequest() {
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        let content = request.target == "/slow" ? bytes[..<20] : bytes[...]
        for byte in content {
          connection.send(Array("1\r\n".utf8) + [byte, 13, 10])
          if request.target == "/slow" { rest(milliseconds: 30) }
        }
        connection.send("0\r\n\r\n")
      }
    }
    let transport = bench.transport()
    let (_, body) = try await bench.promptly { try await transport.exchange(server.request()) }
    try bench.expect(body == bytes, "The body is not what was sent.")
    let timeouts = Timeouts(idle: .milliseconds(400), total: nil)
    let (_, slow) = try await transport.exchange(server.request(.get, "/slow", timeouts: timeouts))
    try bench.expect(slow == Array(bytes[..<20]), "The slow body is not what was sent.")
  }

  static let interimResponses = CaseDefinition(
    ["R11"], "Of several 103 and a 200 only the 200 is seen."
  ) { bench in
    let interim = String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 3)
    let server = try bench.sending(interim + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok")
    let (head, body) = try await bench.transport().exchange(server.request())
    try bench.expect(head.status == 200 && body == Array("ok".utf8), "Got \(head.status) and \(body).")
    try bench.expect(
      head.headerFields[try fieldName("Link")] == nil, "A field of a 103 is among those of the 200.")
  }

  static let trailers = CaseDefinition(
    ["R12"], "Trailers never get among the header fields, and the connection goes on."
  ) { bench in
    let server = try bench.server { connection in
      while connection.readRequest() != nil {
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n")
        connection.send("3\r\nabc\r\n0\r\nX-T: late\r\nAuthorization: x\r\n\r\n")
      }
    }
    let transport = bench.transport()
    for _ in 0..<2 {
      let (head, body) = try await transport.exchange(server.request())
      try bench.expect(body == Array("abc".utf8), "Got \(body).")
      try bench.expect(
        head.headerFields[try fieldName("X-T")] == nil, "A trailer is among the header fields.")
    }
  }

  static let statusesWithoutBody = CaseDefinition(
    ["R13"], "204, 304 and HEAD have no body whatever their fields say, and the next call is not disturbed."
  ) { bench in
    let server = try bench.server { connection in
      while let request = connection.readRequest() {
        switch request.target {
        case "/204": connection.send("HTTP/1.1 204 No Content\r\n\r\n")
        case "/304": connection.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n")
        case "/rude":
          connection.send("HTTP/1.1 204 No Content\r\n\r\nnot a response")
          return
        default:
          connection.send(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\(request.method == "HEAD" ? "" : "ok")")
        }
      }
    }
    let transport = bench.transport()
    for (method, path) in [(HTTPRequest.Method.get, "/204"), (.get, "/304"), (.head, "/"), (.get, "/rude")] {
      let (_, none) = try await bench.promptly { try await transport.exchange(server.request(method, path)) }
      try bench.expect(none.isEmpty, "\(method) \(path) has a body: \(none).")
      let (head, body) = try await transport.exchange(server.request())
      try bench.expect(
        head.status == 200 && body == Array("ok".utf8), "After \(method) \(path): \(head.status), \(body).")
    }
  }

  static let lateBytes = CaseDefinition(
    ["R13"], "What comes on a kept connection after the end of a response is no answer to the next call."
  ) { bench in
    for late in ["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate", "{}"] {
      for (method, body) in [
        (HTTPRequest.Method.get, RequestBody.empty), (.post, .bytes([1])), (.delete, .empty),
      ] {
        let first = Mutex<LoopbackConnection?>(nil)
        let server = try bench.server { connection in
          while let request = connection.readRequest() {
            if request.target == "/first" { first.withLock { $0 = connection } }
            if request.target == "/late" { first.withLock(\.self)?.send(late) }
            let answer = "\(request.method) \(request.target)"
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(answer.utf8.count)\r\n\r\n\(answer)")
          }
        }
        let transport = bench.transport()
        _ = try await transport.exchange(server.request(.get, "/first"))
        _ = try await bench.transport().exchange(server.request(.get, "/late"))
        for path in ["/1", "/2"] {
          let (_, answer) = try await transport.exchange(server.request(method, path, body: body))
          try bench.expect(
            answer == Array("\(method) \(path)".utf8), "\(method) \(path) was answered with \(answer).")
        }
      }
    }
  }

  static let encodedBody = CaseDefinition(
    ["R14", "R15", "R16"],
    """
    No encoding is asked for, and one that comes all the same is delivered as it is or refused as `malformed`; one \
    that is cut never looks whole.
    """
  ) { bench in
    // The first bytes of what gzip makes.
    let cut = [UInt8]([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B, 0x4C])
    for field in ["Content-Encoding: gzip\r\nContent-Length: 12", "Transfer-Encoding: gzip, chunked"] {
      let isChunked = field.hasSuffix("chunked")
      let server = try bench.server { connection in
        guard connection.readRequest() != nil else { return }
        connection.send("HTTP/1.1 200 OK\r\n\(field)\r\n\r\n" + (isChunked ? "c\r\n" : ""))
        connection.send(cut)
        if isChunked { connection.send("\r\n0\r\n\r\n") }
      }
      do throws(TransportFailure) {
        let (_, body) = try await bench.transport().exchange(server.request())
        guard body == cut else { throw TransportFailure(.invalid, "\(field): the body was changed.") }
      } catch {
        try bench.expect(error, [.malformed])
      }
    }
  }

  static let collectLimit = CaseDefinition(
    ["R15"], "Collecting stops at its limit with `tooLarge`, and the next call is not disturbed."
  ) { bench in
    let server = try bench.answering { LoopbackAnswer(body: $0.target == "/long" ? "12345" : "1234") }
    let transport = bench.transport()
    do throws(TransportFailure) {
      _ = try await transport.exchange(server.request(.get, "/long"), upTo: 4)
      throw TransportFailure(.invalid, "5 bytes were collected.")
    } catch {
      try bench.expect(error, [.tooLarge])
    }
    let (_, body) = try await transport.exchange(server.request(), upTo: 4)
    try bench.expect(body == Array("1234".utf8), "Got \(body).")
  }

  static let largeBody = CaseDefinition(
    ["R21"], "A long body arrives whole in pieces of at most 1 MiB, and memory does not grow with it.",
    promise: .seconds(3)
  ) { bench in
    let count = 128
    let server = try bench.server { connection in
      while connection.readRequest() != nil {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(count << 20)\r\n\r\n")
        for _ in 0..<count where !connection.send(Pattern.block) { return }
      }
    }
    let before = ProcessCounts.residentBytes
    try await bench.promptly {
      let request = server.request(timeouts: .transfer)
      var body = try await bench.transport().send(request).takeBody()
      var content = Pattern()
      while let piece = try await body.next() { content.compare(piece) }
      try bench.expect(content.count == count << 20, "\(content.count) of \(count << 20) bytes arrived.")
      try bench.expect(content.isIntact, "The body is not what was sent.")
    }
    if bench.measuresMemory, let before, let after = ProcessCounts.residentBytes {
      try bench.expect(after - before < 40 << 20, "Memory grew by \((after - before) >> 20) MiB.")
    }
  }

  static let repeatedFields = CaseDefinition(
    ["R17"], "Repeated fields stay apart and in order; empty ones are kept.",
    needs: .repeatedFields
  ) { bench in
    let server = try bench.sending(
      "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-B: x\r\nx-a: 2\r\nX-Empty:\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        + "Content-Length: 0\r\n\r\n")
    let (head, _) = try await bench.transport().exchange(server.request())
    let fields = head.headerFields
    let values = fields[values: try fieldName("X-A")]
    try bench.expect(values == ["1", "2"], "X-A is \(values).")
    try bench.expect(
      fields[values: .setCookie] == ["a=1", "b=2"], "Set-Cookie is \(fields[values: .setCookie]).")
    try bench.expect(fields[try fieldName("X-Empty")] == "", "The empty field is lost.")
  }

  static let lenientFields = CaseDefinition(
    ["R17"], "Fields are read as they come: no blank after the colon, bytes that are not UTF-8.",
    needs: .lenientFields
  ) { bench in
    let server = try bench.server { connection in
      guard connection.readRequest() != nil else { return }
      connection.send(
        Array("HTTP/1.1 200\r\nContent-Length:2\r\nX-Latin: caf".utf8) + [0xE9] + Array("\r\n\r\nok".utf8))
    }
    let (head, body) = try await bench.transport().exchange(server.request())
    try bench.expect(body == Array("ok".utf8), "Got \(body).")
    let value = head.headerFields[try fieldName("X-Latin")]
    try bench.expect(value == "café", "X-Latin is \(value ?? "none").")
  }
}
