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
