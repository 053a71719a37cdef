// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import LoopbackServer
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Testing

extension NetworkTests {
  /// Rows of the fault table, as far as they do not trap inside Foundation on Linux.
  @Suite struct FaultTests {
    @Test(arguments: [RequestBody.empty, .bytes([1, 2, 3])])
    func aClosedPortIsNotSent(_ body: RequestBody) async throws {
      let server = try LoopbackServer { _ in }
      server.stop()
      let failure = await URLSessionTransport().failure(of: TransportRequest(.post, on: server, body: body))
      #expect(failure?.kind == .notSent)
      #expect(failure?.mayHaveReachedServer == false)
      #expect(failure?.message.contains("127.0.0.1:\(server.port)") == true)
    }

    @Test func anUnknownHostIsNotSent() async throws {
      let request = TransportRequest(
        head: HTTPRequest(method: .post, scheme: "http", authority: "batch.invalid", path: "/v1/batches"),
        body: .bytes([1]), timeouts: .short, operation: "test")
      let failure = await URLSessionTransport().failure(of: request)
      #expect(failure?.kind == .notSent)
      #expect(failure?.mayHaveReachedServer == false)
      #expect(failure?.message.contains("batch.invalid") == true)
    }

    /// What a server says before it closes the connection, and what the caller must get.
    struct Script: CustomTestStringConvertible {
      var testDescription: String
      var says: String
      var resets = false
      var kind: TransportFailure.Kind
    }

    @Test(arguments: [
      Script(testDescription: "closes before any byte", says: "", kind: .interrupted),
      Script(testDescription: "resets before any byte", says: "", resets: true, kind: .interrupted),
      Script(
        testDescription: "short Content-Length",
        says: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        kind: .truncated),
      Script(
        testDescription: "cut between chunks",
        says: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n", kind: .truncated),
      Script(
        testDescription: "cut inside a chunk",
        says: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\nfour", kind: .truncated),
      Script(
        testDescription: "illegal chunk size",
        says: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nfour\r\n0\r\n\r\n", kind: .malformed
      ),
      Script(testDescription: "garbage", says: "this is no HTTP at all\r\n\r\n", kind: .malformed),
      Script(
        testDescription: "negative Content-Length",
        says: "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        kind: .malformed),
      Script(
        testDescription: "conflicting Content-Length",
        says: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello", kind: .malformed),
      Script(
        testDescription: "no space after the colon", says: "HTTP/1.1 200 OK\r\nContent-Length:5\r\n\r\nhello",
        kind: .malformed),
      Script(
        testDescription: "no reason phrase", says: "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
        kind: .malformed),
      Script(
        testDescription: "an encoded body",
        says: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", kind: .malformed),
      Script(
        testDescription: "a header line of 200 KB",
        says: "HTTP/1.1 200 OK\r\nX-Long: \(String(repeating: "x", count: 200_000))\r\n\r\n", kind: .tooLarge),
    ])
    func aBadResponse(_ script: Script) async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        connection.send(script.says)
        if script.resets { connection.reset() } else { connection.close() }
      }
      defer { server.stop() }
      for request in [
        TransportRequest(.get, on: server), TransportRequest(.post, on: server, body: .bytes([1, 2, 3])),
      ] {
        let failure = await URLSessionTransport().failure(of: request)
        #expect(failure?.kind == script.kind, "\(failure.map(String.init(describing:)) ?? "")")
        #expect(failure?.mayHaveReachedServer == true)
      }
    }

    @Test func whatArrivedBeforeTheCutIsDelivered() async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      var body = try await transport.send(TransportRequest(.get, on: server)).takeBody()
      var bytes: [UInt8] = []
      let failure = await #expect(throws: TransportFailure.self) {
        while let chunk = try await body.next() { bytes += chunk }
      }
      #expect(failure?.kind == .truncated)
      #expect(String(decoding: bytes, as: UTF8.self) == "only this")
    }

    @Test func chunkedWinsOverALength() async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        connection.send(
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n")
      }
      defer { server.stop() }
      let (_, body) = try await URLSessionTransport().exchange(TransportRequest(.get, on: server))
      #expect(String(decoding: body, as: UTF8.self) == "four")
    }

    /// The server answers the first request of a connection, keeps it open whatever was asked, reads the second
    /// whole and breaks off.
    @Test(arguments: [false, true], [RequestBody.empty, .bytes(Pattern.bytes(1000))])
    func aPostOnADyingReusedConnectionIsSentOnce(resets: Bool, body: RequestBody) async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        guard let second = connection.readRequest() else { return }
        guard second.target == "/second" else { return }
        if resets { connection.reset() }
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      _ = try await transport.exchange(TransportRequest(.post, "/first", on: server, body: body))
      do {
        _ = try await transport.exchange(TransportRequest(.post, "/second", on: server, body: body))
      } catch {
        #expect(error.kind == .interrupted)
        #expect(error.mayHaveReachedServer)
      }
      await transport.shutdown()
      #expect(server.requests.filter { $0.target == "/second" }.count == 1)
    }

    /// Every request is read whole and the connection closed.
    @Test func aPostThatIsProcessedAndNeverAnsweredIsSentOnce() async throws {
      let server = try LoopbackServer { connection in _ = connection.readRequest() }
      defer { server.stop() }
      let transport = URLSessionTransport()
      for count in 1...50 {
        let failure = await transport.failure(
          of: TransportRequest(.post, on: server, body: .bytes([1, 2, 3])))
        #expect(failure?.kind == .interrupted)
        #expect(server.requests.count == count)
      }
    }

    @Test func anEarlyRefusalOfALargeUploadIsAResponse() async throws {
      let server = try LoopbackServer { connection in
        _ = connection.readHead()
        _ = connection.read(count: 100_000)
        connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge")
        connection.waitForPeerToClose()
      }
      defer { server.stop() }
      let folder = try Folder()
      let (head, body) = try await URLSessionTransport().exchange(
        TransportRequest(
          .post, on: server, body: .file(try folder.file([UInt8](repeating: 7, count: 20 << 20)))))
      #expect(head.status.code == 413)
      #expect(String(decoding: body, as: UTF8.self) == "large")
    }

    struct SourceFailure: Error {}

    @Test func aFailingBodyIsNotSent() async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      let bodies: [RequestBody] = [
        .producer(length: nil, isReplayable: false) { Pieces(3, of: [1], failing: SourceFailure()) },
        .producer(length: nil, isReplayable: false) { throw SourceFailure() },
        .producer(length: 5, isReplayable: false) { Pieces(3, of: [1]) },
        .producer(length: 2, isReplayable: false) { Pieces(3, of: [1]) },
        .file("/nonexistent/requests.jsonl"),
        .file("/"),
      ]
      for body in bodies {
        let failure = await URLSessionTransport().failure(of: TransportRequest(.post, on: server, body: body))
        #expect(failure?.kind == .body)
        #expect(failure?.mayHaveReachedServer == false)
      }
      let failure = await URLSessionTransport().failure(
        of: TransportRequest(.post, on: server, body: bodies[0]))
      #expect(failure?.underlying is SourceFailure)
      #expect(server.connectionCount == 0)
    }

    @Test func aFileThatChangedIsNotSent() async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      let folder = try Folder()
      let path = try folder.file([1, 2, 3])
      let request = TransportRequest(.post, on: server, body: .file(path))
      try Data([1, 2]).write(to: URL(fileURLWithPath: path))
      let failure = await URLSessionTransport().failure(of: request)
      #expect(failure?.kind == .body)
      #expect(failure?.mayHaveReachedServer == false)
      #expect(server.connectionCount == 0)
    }
  }
}
