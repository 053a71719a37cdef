// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation
internal import HTTPTypes
internal import OpenAIBatchJSON
internal import OpenAIBatchSimulator
internal import OpenAIBatchTransport
internal import Synchronization
internal import Testing

struct FileTests {
  private let service = TestService()

  @Test func `a file comes back as it was sent`() async throws {
    let content = chatLines(3) + "\r\n--\r\n-b--b"
    let reply = try await service.upload(content)
    #expect(reply.status == 200)
    let file = try reply.json
    #expect(file["object"]?.string == "file")
    #expect(file["filename"]?.string == "requests.jsonl")
    #expect(file["purpose"]?.string == "batch")
    #expect(file["bytes"]?.int == content.utf8.count)
    #expect(file["status"]?.string == "processed")
    #expect(file["created_at"]?.int == TestService.start)
    #expect(file["expires_at"]?.int == TestService.start + 2_592_000)
    let id = try #require(file["id"]?.string)
    #expect(try await service.get("/files/\(id)").bytes == reply.bytes)
    let download = try await service.get("/files/\(id)/content")
    #expect(download.text == content)
    #expect(download.headers[.contentLength] == "\(content.utf8.count)")
    #expect(download.headers[.contentType] == "application/octet-stream")
  }

  @Test(arguments: [
    [("purpose", "batch"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600")],
    [("expires_after.seconds", "3600"), ("expires_after.anchor", "created_at"), ("purpose", "batch")],
    [
      ("unknown", "x"), ("purpose", "user_data"), ("expires_after[seconds]", "3600"),
      ("expires_after[anchor]", "created_at"),
    ],
  ])
  func `an expiry may be asked for in both notations`(fields: [(String, String)]) async throws {
    let file = try await service.upload(chatLines(1), fields: fields).json
    #expect(file["expires_at"]?.int == TestService.start + 3600)
    service.clock.advance(by: .seconds(3600))
    #expect(try await service.get("/files/\(file["id"]?.string ?? "")").status == 404)
  }

  @Test func `files of other purposes stay`() async throws {
    let file = try await service.upload("hello", named: "a.txt", fields: [("purpose", "user_data")]).json
    #expect(file["expires_at"]?.isNull == true)
  }

  @Test(arguments: [
    ("requests.txt", "{}", [("purpose", "batch")], "file"),
    ("requests.jsonl", "", [("purpose", "batch")], "file"),
    ("requests.jsonl", "hello", [("purpose", "batch")], "file"),
    ("requests.jsonl", "\u{FEFF}{}", [("purpose", "batch")], "file"), ("requests.jsonl", "{}", [], "purpose"),
    ("requests.jsonl", "{}", [("purpose", "batch_output")], "purpose"),
    (
      "requests.jsonl", "{}", [("purpose", "batch"), ("expires_after[anchor]", "created_at")],
      "expires_after[seconds]"
    ),
    (
      "requests.jsonl", "{}", [("purpose", "batch"), ("expires_after[seconds]", "3600")],
      "expires_after[anchor]"
    ),
    (
      "requests.jsonl", "{}",
      [("purpose", "batch"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3599")],
      "expires_after[seconds]"
    ),
    (
      "requests.jsonl", "{}",
      [("purpose", "batch"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "soon")],
      "expires_after[seconds]"
    ),
  ])
  func `a bad upload is refused`(
    name: String, content: String, fields: [(String, String)], param: String
  ) async throws {
    let reply = try await service.upload(content, named: name, fields: fields)
    #expect(reply.status == 400)
    #expect(reply.error?["param"]?.string == param, "\(reply.text)")
    #expect(try await service.get("/files").json["data"]?.elements.isEmpty == true)
  }

  @Test(arguments: [
    ("application/json", "{}"), ("multipart/form-data", "--b--"), ("multipart/form-data; boundary=", "--b--"),
    (
      "multipart/form-data; boundary=b",
      "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch"
    ),
  ])
  func `a body that is not a form is refused`(type: String, body: String) async throws {
    let reply = try await service.send(
      .post, "/files", headers: [.contentType: type], body: .bytes(Array(body.utf8)))
    #expect(reply.status == 400)
    #expect(reply.error?["type"]?.string == "invalid_request_error")
  }

  @Test func `files are listed, filtered and paged`() async throws {
    var ids: [String] = []
    for index in 0..<5 {
      let purpose = index == 2 ? "user_data" : "batch"
      ids.append(
        try #require(try await service.upload("{}", fields: [("purpose", purpose)]).json["id"]?.string))
    }
    func list(_ query: String) async throws -> [String?] {
      try await service.get("/files?\(query)").json["data"]?.elements.map { $0["id"]?.string } ?? []
    }
    #expect(try await list("") == ids.reversed())
    #expect(try await list("order=asc") == ids)
    #expect(try await list("order=asc&limit=2&after=\(ids[0])") == [ids[1], ids[2]])
    #expect(try await list("purpose=user_data") == [ids[2]])
    #expect(try await service.get("/files?limit=4").json["has_more"]?.bool == true)
    #expect(try await service.get("/files?limit=4&purpose=batch").json["has_more"]?.bool == false)
    for query in ["limit=0", "limit=10001", "order=up", "after=file-none"] {
      #expect(try await service.get("/files?\(query)").status == 400)
    }
  }

  @Test func `a deleted file is gone`() async throws {
    let id = try await service.input(chatLines(1))
    let reply = try await service.send(.delete, "/files/\(id)")
    #expect(try reply.json["deleted"]?.bool == true)
    #expect(try reply.json["id"]?.string == id)
    for reply in [
      try await service.send(.delete, "/files/\(id)"), try await service.get("/files/\(id)"),
      try await service.get("/files/\(id)/content"),
    ] {
      #expect(reply.status == 404)
      #expect(reply.error?["param"]?.string == "id")
      #expect(reply.error?["message"]?.string == "No such File object: \(id)")
    }
  }

  @Test func `a part of a file can be asked for`() async throws {
    let id = try #require(
      try await service.upload("0123456789", named: "a", fields: [("purpose", "user_data")]).json["id"]?
        .string)
    let part = try await service.send(.get, "/files/\(id)/content", headers: [.range: "bytes=4-"])
    #expect(part.status == 206)
    #expect(part.text == "456789")
    #expect(part.headers[.contentRange] == "bytes 4-9/10")
    let none = try await service.send(.get, "/files/\(id)/content", headers: [.range: "bytes=10-"])
    #expect(none.status == 416)
    #expect(none.headers[.contentRange] == "bytes */10")
  }

  @Test func `files are private, and gone with the simulator`() async throws {
    let parent = FileManager.default.temporaryDirectory.appending(path: "simulator-\(UUID())")
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: parent) }
    var service: TestService? = TestService { $0.directory = parent.path() }
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path()).isEmpty)
    _ = try await service?.run(chatLines(3))
    _ = try await service?.batch(of: chatLines(3))
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: parent.path()).first)
    let folder = parent.appending(path: name).path()
    let attributes = try FileManager.default.attributesOfItem(atPath: folder)
    #expect(attributes[.posixPermissions] as? Int == 0o700)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(files.count >= 3)
    for file in files {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(file)")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
    service = nil
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path()).isEmpty)
  }

  @Test func `a folder that cannot be written is said so`() async throws {
    let service = TestService { $0.directory = "/nonexistent" }
    let reply = try await service.upload(chatLines(1))
    #expect(reply.status == 500)
    #expect(reply.error?["type"]?.string == "server_error")
  }

  @Test func `an upload that breaks off leaves nothing`() async throws {
    struct Broken: Error {}
    final class Reader: RequestBodyReader {
      func next() throws -> ArraySlice<UInt8>? { throw Broken() }
    }
    let failure = await #expect(throws: TransportFailure.self) {
      try await service.send(
        .post, "/files", headers: [.contentType: "multipart/form-data; boundary=b"],
        body: .producer(length: nil, isReplayable: false) { Reader() })
    }
    #expect(failure?.kind == .body)
    #expect(failure?.underlying is Broken)
    #expect(try await service.get("/files").json["data"]?.elements.isEmpty == true)
  }

  #if os(Linux)
  /// What a global variable holds is not let go of when a process ends.
  @Test func `no files are left by a process that exits with its simulator`() async throws {
    let parent = FileManager.default.temporaryDirectory.appending(path: "simulator-\(UUID())")
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: parent) }
    await #expect(processExitsWith: .exitCode(7)) { [path = parent.path as String] in
      let service = TestService { $0.directory = path }
      try #require(try await service.upload(chatLines(3)).status == 200)
      try #require(try FileManager.default.subpathsOfDirectory(atPath: path).count == 2)
      exit(withExtendedLifetime(service) { 7 })
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path) == [])
  }
  #endif

  @Test func `a batch file may have 200 MB and no byte more`() async throws {
    final class Reader: RequestBodyReader {
      private let rest: Mutex<[ArraySlice<UInt8>]>

      init(_ pieces: [ArraySlice<UInt8>]) { rest = Mutex(pieces) }

      func next() -> ArraySlice<UInt8>? { rest.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    }
    func upload(_ length: Int) async throws -> TestService.Reply {
      let head =
        "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
        + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\r\n\r\n{"
      let megabyte = [UInt8](repeating: 0x78, count: 1 << 20)[...]
      var pieces = [Array(head.utf8)[...]] + Array(repeating: megabyte, count: (length - 1) >> 20)
      pieces.append(megabyte.prefix((length - 1) & 0xFFFFF))
      pieces.append(Array("\r\n--b--\r\n".utf8)[...])
      return try await service.send(
        .post, "/files", headers: [.contentType: "multipart/form-data; boundary=b"],
        body: .producer(length: nil, isReplayable: false) { [pieces] in Reader(pieces) })
    }
    let whole = try await upload(209_715_200)
    #expect(whole.status == 200)
    #expect(try whole.json["bytes"]?.int == 209_715_200)
    let more = try await upload(209_715_201)
    #expect(more.status == 413)
    #expect(more.error?["message"]?.string?.contains("209715200") == true)
  }
}
