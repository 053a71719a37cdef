// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchConformance
import Synchronization
import Testing

/// The body of an upload as the service's parser would see it.
private func form(_ request: RecordedRequest) throws -> String {
  let type = try #require(request.header("content-type"))
  let prefix = "multipart/form-data; boundary="
  #expect(type.hasPrefix(prefix))
  let boundary = type.dropFirst(prefix.count)
  #expect(boundary.count >= 30 && boundary.utf8.allSatisfy { $0 != 0x20 && $0 != 0x22 })
  return request.text.replacingOccurrences(of: boundary, with: "BOUNDARY")
}

private func part(_ name: String, _ value: String) -> String {
  "--BOUNDARY\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
}

private func file(_ filename: String, _ content: String) -> String {
  "--BOUNDARY\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(filename)\"\r\n"
    + "Content-Type: application/octet-stream\r\n\r\n\(content)\r\n--BOUNDARY--\r\n"
}

@Suite struct UploadTests {
  @Test(arguments: Wire.allCases)
  func sendsAFileFromDisk(wire: Wire) async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("{\"a\":1}\n{\"b\":\"é\"}\n", to: "my rows.jsonl")
    let server = try LoopbackServer.answering { _ in .json(fileText(id: "file-7", bytes: 19)) }
    defer { server.stop() }
    let client = BatchClient.loopback(server, wire)

    let uploaded = try await client.uploadFile(
      at: path, expiresAfter: FileExpiration(anchor: .createdAt, seconds: 3600))

    #expect(uploaded.id == "file-7")
    #expect(server.requests.count == 1)
    let request = try #require(server.requests.first)
    #expect("\(request.method) \(request.target)" == "POST /v1/files")
    #expect(
      try form(request) == part("purpose", "batch") + part("expires_after[anchor]", "created_at")
        + part("expires_after[seconds]", "3600") + file("my rows.jsonl", "{\"a\":1}\n{\"b\":\"é\"}\n"))
    #expect(request.header("content-length") == "\(request.body.count)")
    #expect(request.header("transfer-encoding") == nil)
    #expect(request.header("expect") == nil)
    #expect(request.header("accept") == "application/json")
    #expect(request.header("authorization") == "Bearer sk-wire")
  }

  @Test(arguments: Wire.allCases)
  func sendsBytes(wire: Wire) async throws {
    let server = try LoopbackServer.answering { _ in .json(fileText()) }
    defer { server.stop() }
    let client = BatchClient.loopback(server, wire)

    _ = try await client.uploadFile([1, 2, 3], named: "image", purpose: .vision)
    _ = try await client.uploadFile("".utf8, named: "empty.jsonl")

    let requests = server.requests
    #expect(try form(requests[0]) == part("purpose", "vision") + file("image", "\u{1}\u{2}\u{3}"))
    #expect(try form(requests[1]) == part("purpose", "batch") + file("empty.jsonl", ""))
    #expect(requests[0].header("content-type") != requests[1].header("content-type"), "a boundary of its own")
  }

  @Test(arguments: [
    ("rows", "rows.jsonl"), ("rows.json", "rows.json.jsonl"), ("rows.JSONL", "rows.JSONL"),
    (".jsonl", ".jsonl"), ("", ".jsonl"),
    ("a\"b\r\nc\0d\\e.jsonl", "a%22b%0D%0Ac%00d\\e.jsonl"), ("ünï 日本.jsonl", "ünï 日本.jsonl"),
  ])
  func namesABatchFileSafely(name: String, sent: String) async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    _ = try await BatchClient.test(transport).uploadFile([0x7B], named: name)
    #expect(transport.requests.first?.text.contains("filename=\"\(sent)\"\r\nContent-Type") == true)
  }

  @Test(arguments: Wire.allCases)
  func streamsALargeFileWithItsExactLength(wire: Wire) async throws {
    let folder = try TemporaryFolder()
    let line = Array("{\"x\":\"\(String(repeating: "y", count: 1000))\"}\n".utf8)
    let content = Array(repeatElement(line, count: 3000).joined())
    let path = try folder.write(content, to: "big.jsonl")
    let server = try LoopbackServer.answering { _ in .json(fileText()) }
    defer { server.stop() }

    _ = try await BatchClient.loopback(server, wire).uploadFile(at: path)

    let request = try #require(server.requests.first)
    #expect(request.header("content-length") == "\(request.body.count)")
    let start = try #require(request.text.range(of: "\r\n\r\n{"))
    let head = request.text[..<start.upperBound].utf8.count - 1
    #expect(request.body[head...].starts(with: content))
  }

  @Test func sendsAgainAfterABreak() async throws {
    let transport = ScriptedTransport { request throws(TransportFailure) in
      if request.number < 3 { throw .scripted(.interrupted) }
      return Reply(200, fileText())
    }
    _ = try await BatchClient.test(transport).uploadFile([1, 2, 3], named: "a.jsonl")
    let requests = transport.requests
    #expect(transport.lines == ["POST /v1/files", "POST /v1/files", "POST /v1/files"])
    #expect(requests[0].body == requests[2].body)
  }

  @Test func saysWhatIsWrongWithAFile() async throws {
    let folder = try TemporaryFolder()
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let client = BatchClient.test(transport)
    for path in ["\(folder.path)/none.jsonl", folder.path, "/dev/null", ""] {
      let error = try await failure { try await client.uploadFile(at: path) }
      #expect(error.kind == .file)
      #expect(error.operation == "uploadFile")
      #expect(error.message.hasPrefix(path))
    }
    #expect(transport.requests.isEmpty)
  }

  @Test(arguments: [
    (FilePurpose.batch, UploadMethod.automatic, 209_715_201, 209_715_200),
    (.batch, .parts(), 209_715_201, 209_715_200),
    (.userData, .whole, 536_870_913, 536_870_912),
    (.userData, .automatic, 8_589_934_593, 8_589_934_592),
  ])
  func refusesAFileThatNoUploadTakes(
    purpose: FilePurpose, method: UploadMethod, length: Int, limit: Int
  ) async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("", to: "sparse.jsonl")
    try #require(FileHandle(forWritingAtPath: path)).truncate(atOffset: UInt64(length))
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let error = try await failure {
      try await BatchClient.test(transport).uploadFile(at: path, purpose: purpose, method: method)
    }
    #expect(error.kind == .invalidRequest)
    #expect(error.message == "file is \(length) bytes long; it must be at most \(limit) bytes.")
    #expect(transport.requests.isEmpty)
  }

  @Test(arguments: [0, 1, 1 << 20 - 1, -1])
  func refusesAPartLimitBelowTheLeast(part: Int) async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let client = BatchClient.test(transport) {
      $0.uploadLimits.part = part
      $0.uploadLimits.request = 2
    }
    for method in [UploadMethod.automatic, .parts(ofLength: 1 << 20)] {
      let error = try await failure { try await client.uploadFile([1, 2, 3], named: "a", method: method) }
      #expect(error.kind == .invalidRequest && error.message.contains("longest part"))
    }
    #expect(transport.requests.isEmpty)
  }

  @Test func takesAProvidersOwnLimits() async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let client = BatchClient.test(transport) { $0.uploadLimits.batchFile = 2 }
    let error = try await failure { try await client.uploadFile([1, 2, 3], named: "a") }
    #expect(error.message == "file is 3 bytes long; it must be at most 2 bytes.")
    _ = try await client.uploadFile([1, 2, 3], named: "a", purpose: .userData)
    #expect(transport.requests.count == 1)
  }

  @Test(arguments: [
    UploadMethod.parts(ofLength: 1 << 20 - 1), .parts(ofLength: 64 << 20 + 1), .parts(atOnce: 0),
    .parts(atOnce: 65),
  ])
  func refusesPartsOutOfRange(method: UploadMethod) async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let error = try await failure {
      try await BatchClient.test(transport).uploadFile([1], named: "a", method: method)
    }
    #expect(error.kind == .invalidRequest && error.message.hasPrefix("part"))
    #expect(transport.requests.isEmpty)
  }

  @Test func mayTakeLongerTheLargerItIs() async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let client = BatchClient.test(transport)
    _ = try await client.uploadFile([1], named: "a")
    _ = try await client.uploadFile([UInt8](repeating: 0x20, count: 10 << 20), named: "a")
    _ = try await client.uploadFile([1], named: "a", options: CallOptions(timeout: .seconds(7200)))
    _ = try await BatchClient.test(transport) { $0.timeouts.total = nil }.uploadFile([1], named: "a")
    #expect(
      transport.requests.map(\.timeouts.total) == [.seconds(120), .seconds(200), .seconds(7200), nil])
  }

  @Test func tellsHowFarItIs() async throws {
    let length = 600 << 10
    let transport = ScriptedTransport { request throws(TransportFailure) in
      if request.number == 1 { throw .scripted(.interrupted) }
      return Reply(200, fileText())
    }
    let seen = Mutex<[TransferProgress]>([])
    _ = try await BatchClient.test(transport).uploadFile(
      repeatElement(0x20, count: length), named: "a", progress: { now in seen.withLock { $0.append(now) } })
    let attempt = [256 << 10, 512 << 10, length].map { TransferProgress(bytes: $0, total: length) }
    #expect(seen.withLock { $0 } == attempt + attempt)
  }

  @Test(arguments: [3599, 2_592_001, 0, -1])
  func refusesAnExpiryOutOfRange(seconds: Int) async throws {
    let transport = ScriptedTransport { _ in Reply(200, fileText()) }
    let error = try await failure {
      try await BatchClient.test(transport).uploadFile(
        [1], named: "a", expiresAfter: FileExpiration(seconds: seconds))
    }
    #expect(error.kind == .invalidRequest)
    #expect(error.message.contains("expires_after.seconds is \(seconds)"))
    #expect(transport.requests.isEmpty)
  }

  /// `URLSession` sends a copy, which does not change.
  @Test(arguments: [Wire.curl], [1000, 20 << 20])
  func failsWhenTheFileChangesUnderway(wire: Wire, length: Int) async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(repeating: 0x20, count: 20 << 20), to: "a.jsonl")
    try folder.age("a.jsonl")
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      _ = connection.read(count: 1000)
      // The sender is held up by full buffers now, far from the file's end. What is cut and grows again has the
      // same length.
      guard truncate(path, 1000) == 0, truncate(path, off_t(length)) == 0 else { return }
      _ = connection.read(count: 21 << 20)
      connection.waitForPeerToClose()
    }
    defer { server.stop() }
    let error = try await failure { try await BatchClient.loopback(server, wire).uploadFile(at: path) }
    #expect(error.kind == .file && error.operation == "uploadFile")
    #expect(error.message.hasPrefix("\(path): changed"))
  }

  @Test(arguments: ["two\n", "three\n"])
  func failsWhenTheFileChangesBetweenAttempts(content: String) async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("one\n", to: "a.jsonl")
    try folder.age("a.jsonl")
    let transport = ScriptedTransport { _ throws(TransportFailure) in
      _ = try? content.write(toFile: path, atomically: false, encoding: .utf8)
      throw .scripted(.interrupted)
    }
    let error = try await failure { try await BatchClient.test(transport).uploadFile(at: path) }
    #expect(error.kind == .file && error.message.hasPrefix("\(path): changed"))
    #expect(transport.requests.count == 1)
  }
}

extension TemporaryFolder {
  /// Makes a file an hour old: a file system's clock may stand still for a few milliseconds.
  func age(_ name: String) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: "\(path)/\(name)")
  }
}
