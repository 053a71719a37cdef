// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Testing

extension NetworkTests {
  /// Faults beyond those of all transports.
  @Suite struct FaultTests {
    /// Well-formed, but Foundation cannot read them, or would decode them without noticing a cut.
    @Test(arguments: [
      "HTTP/1.1 200 OK\r\nContent-Length:5\r\n\r\nhello", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    ])
    func whatFoundationCannotReadIsMalformed(_ response: String) async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        connection.send(response)
      }
      defer { server.stop() }
      let failure = await URLSessionTransport().failure(of: server.request())
      #expect(failure?.kind == .malformed)
      #expect(failure?.mayHaveReachedServer == true)
    }

    @Test(arguments: [[1, 2, 4], [1, 2, 3, 4]] as [[UInt8]])
    func aFileThatChangesWhileItIsSentIsAnError(_ changed: [UInt8]) async throws {
      let folder = try Folder()
      let path = try folder.file([1, 2, 3])
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        // In place: another file under the name would be another one for the sender, too.
        let file = FileHandle(forWritingAtPath: path)
        file?.write(Data(changed))
        try? file?.close()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
      }
      defer { server.stop() }
      let failure = await URLSessionTransport().failure(of: server.request(.post, body: .file(path)))
      #expect(failure?.kind == .body)
      #expect(failure?.mayHaveReachedServer == true)
    }

    @Test func aSecondReaderFailsAndTheFirstGoesOn() async throws {
      let gate = DispatchSemaphore(value: 0)
      let server = try LoopbackServer { connection in
        _ = connection.readRequest()
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
        gate.wait()
        connection.send("abc")
      }
      defer { server.stop() }
      let transport = URLSessionTransport()
      let reader = try await transport.send(server.request()).takeBody().makeReader()
      let results = await withTaskGroup(of: Result<Int?, TransportFailure>.self) { group in
        for _ in 0..<2 {
          group.addTask {
            do throws(TransportFailure) {
              return .success(try await reader.next()?.count)
            } catch {
              gate.signal()
              return .failure(error)
            }
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      let failures = results.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
      #expect(failures.map(\.kind) == [.invalid])
      #expect(results.count == 2)
      await transport.shutdown()
    }

    @Test func aFileThatChangedIsNotSent() async throws {
      let server = try LoopbackServer.answering { _ in .json("{}") }
      defer { server.stop() }
      let folder = try Folder()
      let path = try folder.file([1, 2, 3])
      let request = server.request(.post, body: .file(path))
      try Data([1, 2]).write(to: URL(fileURLWithPath: path))
      let failure = await URLSessionTransport().failure(of: request)
      #expect(failure?.kind == .body)
      #expect(failure?.mayHaveReachedServer == false)
      #expect(server.connectionCount == 0)
    }
  }
}
