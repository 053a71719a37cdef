// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// Requests on their way to a server that takes them.
extension CaseDefinition {
  static let requestBodies = CaseDefinition(
    ["S9"], "A body arrives byte for byte, framed by its length where that is known."
  ) { bench in
    let server = try bench.answering { LoopbackAnswer(headers: [("X-Method", $0.method)], body: $0.body) }
    let transport = bench.transport()
    let long = Pattern.block + Pattern.block
    guard let file = makeTemporaryFile(long) else {
      throw Violation(description: "There is no room for a file.")
    }
    defer { removeFile(file) }
    let bodies: [(String, RequestBody, [UInt8])] = [
      ("no body", .empty, []), ("bytes", .bytes([1, 2, 3]), [1, 2, 3]), ("2 MiB", .bytes(long), long),
      ("a file", .file(file), long),
      (
        "a producer",
        .producer(length: Int64(long.count), isReplayable: true) { PieceReader(2, of: Pattern.block) },
        long
      ),
      (
        "a producer of unknown length",
        .producer(length: nil, isReplayable: true) { PieceReader(2, of: Pattern.block) },
        long
      ),
      ("an empty producer", .producer(length: nil, isReplayable: true) { PieceReader(0, of: []) }, []),
    ]
    for method in [HTTPRequest.Method.post, .put, .patch, .delete] {
      for (subject, body, expected) in bodies {
        let request = server.request(method, body: body, fields: [.contentType: "application/jsonl"])
        let (_, received) = try await bench.promptly { try await transport.exchange(request) }
        try bench.expect(received == expected, "\(method) with \(subject): the server got other bytes.")
        guard let seen = server.requests.last else { throw Violation(description: "Nothing arrived.") }
        let framing = (seen.header("content-length"), seen.header("transfer-encoding"))
        let isFramed =
          framing.0 == "\(expected.count)" || body.length == nil && framing.1?.lowercased() == "chunked"
          || expected.isEmpty && framing == (nil, nil)
        try bench.expect(seen.method == method.rawValue, "\(method) arrived as \(seen.method).")
        try bench.expect(isFramed, "\(method) with \(subject) is framed by \(framing).")
      }
    }
  }

  static let requestFields = CaseDefinition(
    ["S9"], "Target and fields go out as they are, and nothing is added that asks the server for anything."
  ) { bench in
    let server = try bench.answering { _ in LoopbackAnswer() }
    var fields: HTTPFields = [.authorization: "Bearer sk-1", .accept: "application/json"]
    fields.append(HTTPField(name: try fieldName("X-A"), value: "1"))
    fields.append(HTTPField(name: try fieldName("X-A"), value: "2"))
    let target = bench.has(.verbatimTargets) ? "/v1/..%2Fa/../b//c?x=%20&y={}" : "/v1/..%2Fa/b?x=%20&y=1"
    let transport = bench.transport()
    for method in [HTTPRequest.Method.get, .delete, .head] {
      _ = try await transport.exchange(server.request(method, target, fields: fields))
      guard let seen = server.requests.last else { throw Violation(description: "Nothing arrived.") }
      try bench.expect(seen.target == target, "The target \(target) arrived as \(seen.target).")
      try bench.expect(seen.header("authorization") == "Bearer sk-1", "Authorization did not arrive.")
      try bench.expect(
        seen.header("host") == "127.0.0.1:\(server.port)", "Host is \(seen.header("host") ?? "none").")
      let values = seen.headers.filter { $0.name.lowercased() == "x-a" }.map(\.value).joined(separator: ", ")
      try bench.expect(values == "1, 2", "X-A: 1 and X-A: 2 arrived as \(values).")
      let encoding = seen.header("accept-encoding")
      try bench.expect(encoding == nil || encoding == "identity", "Accept-Encoding is \(encoding ?? "").")
      for name in ["expect", "cookie", "transfer-encoding", "content-type", "te", "upgrade"] {
        try bench.expect(seen.header(name) == nil, "There is a field \(name): \(seen.header(name) ?? "").")
      }
    }
  }

  static let noExpectation = CaseDefinition(
    ["S9"], "A long body is sent at once, without waiting for `100 Continue`.", promise: .milliseconds(90)
  ) { bench in
    let server = try bench.server { connection in
      guard let request = connection.readRequest(), request.header("expect") == nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }
    _ = try await bench.promptly {
      try await bench.transport().exchange(server.request(.post, body: .bytes(Pattern.block + Pattern.block)))
    }
  }

  static let earlyRefusalOfUpload = CaseDefinition(
    ["S7"], "An answer that comes while a long body is being sent is that answer, not a reset."
  ) { bench in
    let server = try bench.server { connection in
      _ = connection.readHead()
      _ = connection.read(count: 100_000)
      connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstop")
      connection.waitForPeerToClose()
    }
    for body in [
      RequestBody.bytes([UInt8](repeating: 7, count: 20 << 20)),
      .producer(length: 20 << 20, isReplayable: true) { PieceReader(20, of: Pattern.block) },
    ] {
      let request = server.request(.post, body: body)
      let (head, answer) = try await bench.promptly { try await bench.transport().exchange(request) }
      try bench.expect(
        head.status == 413 && answer == Array("stop".utf8), "Got \(head.status) and \(answer).")
    }
  }

  static let earlyRefusalOfRestingUpload = CaseDefinition(
    ["S8"],
    "An answer that comes while the body's source rests is delivered at once, and the source is let go.",
    needs: .streamingUploads
  ) { bench in
    for (status, length) in [(401, Int64?.some(1_000)), (413, nil)] {
      let isResting = bench.event()
      let server = try bench.server { connection in
        _ = connection.readHead()
        isResting.block()
        connection.send("HTTP/1.1 \(status) No\r\nContent-Length: 4\r\n\r\nstop")
        connection.waitForPeerToClose()
      }
      let isReleased = bench.event()
      let pieces = PieceReader.resting(after: 1, asked: isResting, released: isReleased)
      let body = RequestBody.producer(length: length, isReplayable: false) { pieces }
      let (head, answer) = try await bench.promptly {
        let received = try await bench.transport().exchange(server.request(.post, body: body))
        await isReleased.wait()
        return received
      }
      try bench.expect(
        head.status.code == status && answer == Array("stop".utf8), "Got \(head.status) and \(answer).")
    }
  }

  static let serverThatReadsNothing = CaseDefinition(
    ["S10"], "A server that stops reading makes the body's source wait, and the idle timeout ends the call.",
    needs: .streamingUploads
  ) { bench in
    let mayEnd = bench.event()
    let server = try bench.server { connection in
      _ = connection.readHead()
      mayEnd.block()
    }
    let made = Mutex(0)
    let body = RequestBody.producer(length: nil, isReplayable: false) {
      PieceReader(1_000, of: Pattern.block) { made.withLock { $0 += 1 } }
    }
    let request = server.request(.post, body: body, timeouts: Timeouts(idle: .milliseconds(300), total: nil))
    try await bench.promptly {
      try await bench.expectFailure(.timedOut, reached: true, of: request, on: bench.transport())
    }
    // 2 MiB are the transport's; the rest lies in the kernel's buffers.
    let count = made.withLock { $0 }
    try bench.expect(count < 32, "The source was asked for \(count) MiB that nobody took.")
  }

  static let largeUpload = CaseDefinition(
    ["S10", "R21"], "A long upload arrives whole, and memory does not grow with it.", promise: .seconds(3)
  ) { bench in
    let count = 128
    let server = try bench.server { connection in
      guard let head = connection.readHead() else { return }
      var content = Pattern()
      if head.header("content-length") != nil {
        while content.count < count << 20, let bytes = connection.readSome(atMost: 256 << 10) {
          content.compare(bytes[...])
        }
      } else {
        connection.readChunks { content.compare($0[...]) }
      }
      let text = "\(content.count) \(content.isIntact)"
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
    }
    let before = ProcessCounts.residentBytes
    for length in [Int64?.some(Int64(count) << 20), nil] {
      let body = RequestBody.producer(length: length, isReplayable: false) {
        PieceReader(count, of: Pattern.block)
      }
      let request = server.request(.post, body: body, timeouts: .transfer)
      let (_, answer) = try await bench.promptly { try await bench.transport().exchange(request) }
      try bench.expect(
        answer == Array("\(count << 20) true".utf8), "\(String(decoding: answer, as: UTF8.self))")
    }
    if bench.measuresMemory, let before, let after = ProcessCounts.residentBytes {
      try bench.expect(after - before < 40 << 20, "Memory grew by \((after - before) >> 20) MiB.")
    }
  }

  static let brokenSource = CaseDefinition(
    ["S11"], "A body source's own error comes back as the cause, and the cut body never looks whole."
  ) { bench in
    struct Broken: Error {}
    let server = try bench.answering { _ in LoopbackAnswer() }
    let transport = bench.transport()
    for length in [Int64?.some(10 << 20), nil] {
      let body = RequestBody.producer(length: length, isReplayable: false) {
        PieceReader(5, of: Pattern.block, failure: Broken())
      }
      let request = server.request(.post, body: body)
      let failure = try await bench.expectFailure(.body, of: request, on: transport)
      try bench.expect(
        failure.underlying is Broken, "The cause is \(String(describing: failure.underlying)).")
    }
    let unopened = RequestBody.producer(length: nil, isReplayable: false) { throw Broken() }
    for body in [unopened, .file("/nonexistent/requests.jsonl"), .file("/")] {
      try await bench.expectFailure(
        .body, reached: false, of: server.request(.post, body: body), on: transport)
    }
    try bench.expect(server.requests.isEmpty, "The server saw a whole request.")
    _ = try await transport.exchange(server.request())
  }

  static let sourceOfAnotherLength = CaseDefinition(
    ["S12"], "A body of another length than it declared fails as `body`, and never looks whole."
  ) { bench in
    let server = try bench.answering { _ in LoopbackAnswer() }
    let transport = bench.transport()
    for given in [0, 900, 1_001, 1_100] {
      let body = RequestBody.producer(length: 1_000, isReplayable: false) { PieceReader(given, of: [1]) }
      try await bench.expectFailure(
        .body, about: "\(given) of 1000 bytes", of: server.request(.post, body: body), on: transport)
    }
    try bench.expect(server.requests.isEmpty, "The server saw a whole request.")
  }
}

func fieldName(_ name: String) throws -> HTTPField.Name {
  guard let name = HTTPField.Name(name) else { throw Violation(description: "\(name) is no field name.") }
  return name
}

extension PieceReader {
  /// Gives `count` bytes one by one, then rests, which `asked` tells, until it is cancelled, which `released` tells.
  static func resting(after count: Int, asked: Event, released: Event) -> PieceReader {
    let left = Mutex(count)
    return PieceReader {
      let isLeft = left.withLock { left in
        left -= 1
        return left >= 0
      }
      if isLeft { return [1] }
      asked.signal()
      try await withTaskCancellationHandler {
        try await Task.sleep(for: .seconds(600))
      } onCancel: {
        released.signal()
      }
      return nil
    }
  }
}
