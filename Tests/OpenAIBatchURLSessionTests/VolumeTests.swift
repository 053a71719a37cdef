// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Testing

extension NetworkTests {
  /// Bodies that do not fit in memory limits.
  @Suite struct VolumeTests {
    private static let piece = Pattern.block
    private static let pieces = 50

    /// Sends `pieces` as fast as the client takes them, and tells when it has sent all, or cannot go on.
    private static func download(over: Event) throws -> LoopbackServer {
      try LoopbackServer { connection in
        while connection.readRequest() != nil {
          defer { over.signal() }
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(pieces * piece.count)\r\n\r\n")
          for _ in 0..<pieces { guard connection.send(piece) else { return } }
        }
      }
    }

    @Test func aSlowReaderGetsAllBytesAndMemoryStaysFlat() async throws {
      let over = Event()
      let server = try Self.download(over: over)
      defer { server.stop() }
      let transport = URLSessionTransport()
      var body = try await transport.send(server.request(.get)).takeBody()
      // Read nothing until everything has been sent.
      await over.wait()
      let before = residentMemory()
      var content = Pattern()
      while let chunk = try await body.next() { content.compare(chunk) }
      #expect(content.isIntact)
      #expect(content.count == Self.pieces * Self.piece.count)
      if let before, let after = residentMemory() { #expect(after - before < 32 << 20) }
    }

    @Test func aFullSpoolIsTooLarge() async throws {
      let over = Event()
      let server = try Self.download(over: over)
      defer { server.stop() }
      let transport = URLSessionTransport(.init(spoolLimit: 4 << 20))
      var body = try await transport.send(server.request(.get)).takeBody()
      var read = 0
      let failure = await #expect(throws: TransportFailure.self) {
        await over.wait()
        while let chunk = try await body.next() { read += chunk.count }
      }
      #expect(failure?.kind == .tooLarge)
      #expect(read <= 12 << 20)
      let (head, _) = try await transport.exchange(server.request(.head))
      #expect(head.status.code == 200)
    }

    enum Source: CaseIterable { case file, producer }

    @Test(arguments: Source.allCases)
    func aLongUploadArrivesWhole(_ source: Source) async throws {
      let server = try LoopbackServer { connection in
        guard let head = connection.readHead(),
          let length = head.header("content-length").flatMap({ Int($0) })
        else { return }
        var content = Pattern()
        while content.count < length, let bytes = connection.readSome(atMost: 256 << 10) {
          content.compare(bytes[...])
        }
        let text = "\(length) \(content.isIntact)"
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
      }
      defer { server.stop() }
      let folder = try Folder()
      let body: RequestBody
      switch source {
      case .file:
        var data = Data()
        for _ in 0..<Self.pieces { data.append(contentsOf: Self.piece) }
        let path = folder.path + "/requests.jsonl"
        try data.write(to: URL(fileURLWithPath: path))
        body = .file(path)
      case .producer:
        body = .producer(length: nil, isReplayable: false) { PieceReader(Self.pieces, of: Self.piece) }
      }
      let before = residentMemory()
      let transport = URLSessionTransport(.init(temporaryDirectory: folder.path))
      let (_, answer) = try await transport.exchange(
        server.request(.post, body: body, timeouts: Timeouts(total: nil)))
      #expect(String(decoding: answer, as: UTF8.self) == "\(Self.pieces * Self.piece.count) true")
      if let before, let after = residentMemory() { #expect(after - before < 32 << 20) }
      // The file goes with the transfer, which URLSession lets go of a moment after its last event.
      let deadline = ContinuousClock.now.advanced(by: .seconds(5))
      func left() throws -> [String] { try folder.names.filter { $0.hasPrefix("openai-batch-") } }
      while try !left().isEmpty, .now < deadline { await Task.yield() }
      #expect(try left().isEmpty)
    }

    /// The process's resident bytes, where the system tells.
    private func residentMemory() -> Int? {
      guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
      return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 4096 }
    }
  }
}
