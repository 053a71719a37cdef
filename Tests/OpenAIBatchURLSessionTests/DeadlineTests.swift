// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Testing

extension NetworkTests {
  @Suite struct DeadlineTests {
    private func elapsed(_ work: () async throws -> Void) async rethrows -> Duration {
      try await ContinuousClock().measure(work)
    }

    /// A peer that takes the connection and then says nothing of TLS: the request has a body, so connecting is
    /// told from waiting.
    @Test func connectEndsAMuteHandshakeAndNothingWasSent() async throws {
      let server = try LoopbackServer { connection in connection.waitForPeerToClose() }
      defer { server.stop() }
      var request = server.request(
        .post, body: .bytes([1, 2, 3]),
        timeouts: Timeouts(connect: .milliseconds(300), idle: .seconds(20), total: .seconds(20)))
      request.head.scheme = "https"
      let time = await elapsed {
        let failure = await URLSessionTransport().failure(of: request)
        #expect(failure?.kind == .notSent)
        #expect(failure?.mayHaveReachedServer == false)
      }
      #expect(time >= .milliseconds(300) && time < .milliseconds(2300))
    }

    @Test func aSlowAnswerIsNoConnectTimeout() async throws {
      let server = try LoopbackServer { connection in
        guard connection.readRequest() != nil else { return }
        Thread.sleep(forTimeInterval: 0.5)
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
      defer { server.stop() }
      let timeouts = Timeouts(connect: .milliseconds(200), idle: .seconds(10), total: .seconds(10))
      for method in [HTTPRequest.Method.get, .post] {
        let (_, body) = try await URLSessionTransport().exchange(
          server.request(method, body: method == .post ? .bytes([1]) : .empty, timeouts: timeouts))
        #expect(body == Array("ok".utf8))
      }
    }

    /// A source of the caller's that waits for something of its own, whatever becomes of its task.
    @Test(arguments: [true, false])
    func aSourceThatKnowsNoCancellationHoldsUpNobody(isCancelled: Bool) async throws {
      final class Deaf: RequestBodyReader {
        let gate: AsyncStream<Void>
        init(_ gate: AsyncStream<Void>) { self.gate = gate }
        func next() async throws -> ArraySlice<UInt8>? {
          // A task of its own is not cancelled with this one.
          await Task { for await _ in gate {} }.value
          return nil
        }
      }
      let (gate, open) = AsyncStream.makeStream(of: Void.self)
      let (asked, ask) = AsyncStream.makeStream(of: Void.self)
      let server = try LoopbackServer { _ in }
      defer {
        server.stop()
        open.finish()
      }
      let request = server.request(
        .post,
        body: .producer(length: nil, isReplayable: false) {
          ask.finish()
          return Deaf(gate)
        },
        timeouts: Timeouts(total: isCancelled ? nil : .milliseconds(300)))
      let call = Task { await URLSessionTransport().failure(of: request) }
      for await _ in asked {}
      if isCancelled { call.cancel() }
      let failure = await call.value
      #expect(failure?.kind == (isCancelled ? .cancelled : .notSent))
      #expect(failure?.mayHaveReachedServer == false)
    }

    @Test func totalEndsAProducerThatNeverEnds() async throws {
      final class Never: RequestBodyReader {
        func next() async throws -> ArraySlice<UInt8>? {
          try await Task.sleep(for: .seconds(3600))
          return nil
        }
      }
      let server = try LoopbackServer { _ in }
      defer { server.stop() }
      let time = await elapsed {
        let failure = await URLSessionTransport().failure(
          of: server.request(
            .post, body: .producer(length: nil, isReplayable: false) { Never() },
            timeouts: Timeouts(total: .milliseconds(300))))
        #expect(failure?.kind == .notSent)
      }
      #expect(time >= .milliseconds(300) && time < .milliseconds(2300))
    }

  }
}
