// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import OpenAIBatchConformance
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#endif

private let content = (0..<1000).map { "line \($0)\n" }.joined()

/// A server of one file, with what it says of the length.
private func serve(_ text: String = content, length: Int? = nil, truncatedAt: Int? = nil) -> ScriptedTransport
{
  ScriptedTransport { request in
    guard request.path.hasSuffix("/content") else {
      return Reply(200, fileText(bytes: length ?? text.utf8.count))
    }
    var reply = Reply(200, text)
    if let truncatedAt {
      reply.chunks = [Array(text.utf8.prefix(truncatedAt))]
      reply.failure = .scripted(.truncated)
    }
    return reply
  }
}

@Suite struct DownloadTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/out.jsonl"
  }

  @Test func writesTheWholeFile() async throws {
    let transport = serve()
    let count = try await BatchClient.test(transport).downloadFile("file-1", to: path)
    #expect(count == content.utf8.count)
    #expect(try folder.read("out.jsonl") == Array(content.utf8))
    #expect(try folder.names == ["out.jsonl"])
    #expect(transport.lines == ["GET /v1/files/file-1", "GET /v1/files/file-1/content"])
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600, "results may be private")
  }

  @Test(arguments: [0, 3, 1_000_000])
  func refusesAFileThatIsStillWritten(bytes: Int) async throws {
    let transport = ScriptedTransport { request in
      request.path.hasSuffix("/content")
        ? Reply(200, headers: [.named("X-Incomplete"): "true"], content) : Reply(200, fileText(bytes: bytes))
    }
    let client = BatchClient.test(transport)
    let error = try await failure { try await client.downloadFile("file-1", to: path) }
    #expect(error.kind == .notEnded)
    #expect(try folder.names.isEmpty)
    var count = 0
    try await client.downloadFile("file-1") { count += $0.count }
    #expect(count == content.utf8.count, "a closure takes what there is")
  }

  @Test func writesAnEmptyFile() async throws {
    try await BatchClient.test(serve("")).downloadFile("file-1", to: path)
    #expect(try folder.read("out.jsonl").isEmpty)
  }

  @Test func leavesAnExistingFileAlone() async throws {
    _ = try folder.write("mine", to: "out.jsonl")
    let transport = serve()
    let error = try await failure {
      try await BatchClient.test(transport).downloadFile("file-1", to: path)
    }
    #expect(error.kind == .file && error.operation == "downloadFile")
    #expect(error.message.hasPrefix(path) && error.message.contains("exists already"))
    #expect(try folder.read("out.jsonl") == Array("mine".utf8))
    #expect(transport.requests.isEmpty)
  }

  @Test func leavesAFileAloneThatAppearsMeanwhile() async throws {
    let path = path
    let error = try await failure {
      try await BatchClient.test(serve()).downloadFile("file-1", to: path) { _ in
        try? Data("mine".utf8).write(to: URL(fileURLWithPath: path))
      }
    }
    #expect(error.kind == .file && error.message == "\(path): exists by now")
    #expect(try folder.read("out.jsonl") == Array("mine".utf8))
    #expect(try folder.names == ["out.jsonl"])
  }

  @Test func replacesAnExistingFileWhenToldTo() async throws {
    _ = try folder.write("mine", to: "out.jsonl")
    try await BatchClient.test(serve()).downloadFile("file-1", to: path, overwriting: true)
    #expect(try folder.read("out.jsonl") == Array(content.utf8))
  }

  @Test func keepsTheOldFileWhenTheDownloadFails() async throws {
    _ = try folder.write("mine", to: "out.jsonl")
    let error = try await failure {
      try await BatchClient.test(serve(truncatedAt: 100)).downloadFile(
        "file-1", to: path, overwriting: true)
    }
    #expect(error.kind == .connection)
    #expect(try folder.read("out.jsonl") == Array("mine".utf8))
    #expect(try folder.names == ["out.jsonl"])
  }

  @Test(arguments: [1, -1])
  func keepsNothingOfAWrongLength(difference: Int) async throws {
    let transport = serve(length: content.utf8.count + difference)
    let error = try await failure {
      try await BatchClient.test(transport).downloadFile("file-1", to: path)
    }
    #expect(error.kind == .malformedResponse)
    #expect(error.message.contains("\(content.utf8.count + difference)"))
    #expect(error.message.contains("\(content.utf8.count) arrived"))
    #expect(try folder.names.isEmpty)
  }

  @Test(arguments: [
    Reply(404), Reply(405), Reply(200, "<html>"), Reply(200, fileText(bytes: 0)),
  ])
  func trustsTheTransferWhereNobodyKnowsTheLength(reply: Reply) async throws {
    let transport = ScriptedTransport { request in
      request.path.hasSuffix("/content") ? Reply(200, content) : reply
    }
    try await BatchClient.test(transport).downloadFile("file-1", to: path)
    #expect(try folder.read("out.jsonl") == Array(content.utf8))
  }

  @Test func saysThatTheFileIsGone() async throws {
    let transport = ScriptedTransport { _ in
      Reply(404, #"{"error":{"message":"No such File object: file-1","param":"id"}}"#)
    }
    let error = try await failure {
      try await BatchClient.test(transport).downloadFile("file-1", to: path)
    }
    #expect(error.kind == .notFound && error.status == 404)
    #expect(error.message == "No such File object: file-1")
    #expect(try folder.names.isEmpty)
  }

  @Test func saysThatTheFolderIsMissing() async throws {
    let transport = serve()
    let error = try await failure {
      try await BatchClient.test(transport).downloadFile("file-1", to: "\(folder.path)/none/out.jsonl")
    }
    #expect(error.kind == .file)
    #expect(error.message.contains("/none/out.jsonl") && error.message.contains("No such file or directory"))
    #expect(transport.requests.isEmpty, "nothing is fetched that has no place")
  }

  @Test(.enabled(if: geteuid() != 0, "root may write anywhere"))
  func saysThatTheFolderIsReadOnly() async throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.path)
    let error = try await failure {
      try await BatchClient.test(serve()).downloadFile("file-1", to: path)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
    #expect(error.kind == .file && error.message.contains("Permission denied"))
    #expect(try folder.names.isEmpty)
  }

  @Test func neverReplacesAFolderOrADevice() async throws {
    let transport = serve()
    let client = BatchClient.test(transport)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/null")
    for place in [folder.path, "/dev/null", path] {
      let error = try await failure {
        try await client.downloadFile("file-1", to: place, overwriting: true)
      }
      #expect(error.kind == .file)
      #expect(error.message == "\(place): is not a regular file")
    }
    #expect(transport.requests.isEmpty)
    #expect(
      try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType
        == .typeCharacterSpecial)
  }

  @Test func startsAgainOverWhatAKilledProcessLeft() async throws {
    _ = try folder.write(Array(repeating: 0x78, count: 100_000), to: "out.jsonl.partial")
    try await BatchClient.test(serve()).downloadFile("file-1", to: path)
    #expect(try folder.read("out.jsonl") == Array(content.utf8))
    #expect(try folder.names == ["out.jsonl"])
  }

  @Test func doesNotWriteThroughALink() async throws {
    _ = try folder.write("precious", to: "target")
    try FileManager.default.createSymbolicLink(
      atPath: "\(path).partial", withDestinationPath: "\(folder.path)/target")
    let error = try await failure {
      try await BatchClient.test(serve()).downloadFile("file-1", to: path)
    }
    #expect(error.kind == .file)
    #expect(try folder.read("target") == Array("precious".utf8))
  }

  @Test func leavesNothingWhenCancelled() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let transport = ScriptedTransport { request throws(TransportFailure) in
      guard request.path.hasSuffix("/content") else { return Reply(200, fileText()) }
      arrival.finish()
      try? await Task.sleep(for: .seconds(60))
      throw .scripted(.cancelled)
    }
    let client = BatchClient.test(transport)
    let path = path
    let download = Task { try await failure { try await client.downloadFile("file-1", to: path) } }
    for await _ in arrived {}
    download.cancel()
    #expect(try await download.value.isCancellation)
    #expect(try folder.names.isEmpty)
  }

  @Test func tellsHowFarItIs() async throws {
    let pieces = content.utf8.count
    let transport = ScriptedTransport { request in
      guard request.path.hasSuffix("/content") else { return Reply(200, fileText(bytes: pieces)) }
      var reply = Reply(200)
      reply.chunks = [Array(content.utf8.prefix(100)), Array(content.utf8.dropFirst(100))]
      return reply
    }
    let seen = Mutex<[TransferProgress]>([])
    try await BatchClient.test(transport).downloadFile(
      "file-1", to: path, progress: { now in seen.withLock { $0.append(now) } })
    #expect(
      seen.withLock { $0 } == [
        TransferProgress(bytes: 100, total: pieces), TransferProgress(bytes: pieces, total: pieces),
      ])
  }

  @Test func goesToAClosure() async throws {
    var bytes: [UInt8] = []
    let count = try await BatchClient.test(serve()).downloadFile("file-1") { bytes += $0 }
    #expect(bytes == Array(content.utf8) && count == bytes.count)
  }

  @Test func passesOnTheErrorOfTheClosure() async throws {
    let transport = serve()
    await #expect(throws: UnexpectedSuccess.self) {
      try await BatchClient.test(transport).downloadFile("file-1") { _ in throw UnexpectedSuccess() }
    }
    #expect(transport.requests.count == 2)
  }

  @Test(arguments: [1, -1])
  func tellsTheClosuresOwnerOfAWrongLength(difference: Int) async throws {
    let transport = serve(length: content.utf8.count + difference)
    var count = 0
    let error = try await failure {
      try await BatchClient.test(transport).downloadFile("file-1") { count += $0.count }
    }
    #expect(error.kind == .malformedResponse)
    #expect(count <= content.utf8.count + max(difference, 0))
  }

  @MainActor @Test func staysOnTheCallersActor() async throws {
    try await BatchClient.test(serve()).downloadFile("file-1") { _ in MainActor.assertIsolated() }
  }

  @Test(arguments: Wire.allCases)
  func streamsOverARealConnection(wire: Wire) async throws {
    let long = String(repeating: content, count: 300)
    let server = try LoopbackServer.answering { request in
      request.target.hasSuffix("/content")
        ? LoopbackAnswer(headers: [("Content-Type", "application/octet-stream")], body: long)
        : .json(fileText(bytes: long.utf8.count))
    }
    defer { server.stop() }
    try await BatchClient.loopback(server, wire).downloadFile("file-1", to: path)
    #expect(try folder.read("out.jsonl") == Array(long.utf8))
    let request = try #require(server.requests.last)
    #expect(request.target == "/v1/files/file-1/content")
    #expect(request.header("authorization") == "Bearer sk-wire")
    #expect(request.header("range") == nil && request.header("content-type") == nil)
  }
}
