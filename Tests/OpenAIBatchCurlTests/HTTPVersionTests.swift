// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchConformance
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchCurl

/// HTTP/2 only with a libcurl that does not corrupt data with it (rows H1 to H3).
struct HTTPVersionTests {
  @Test(arguments: [
    (UInt32(0x07_44_00), false), (0x07_58_01, false), (0x08_00_00, false), (0x08_05_00, false),
    (0x08_06_00, false),
    (0x08_07_00, true), (0x08_09_01, true), (0x08_0A_00, false), (0x08_0A_01, true), (0x08_0F_00, true),
    (0x08_10_00, false), (0x08_11_00, true),
  ])
  func theGate(version: UInt32, isOpen: Bool) {
    #expect(HTTP2Gate(version: version, isBuiltIn: true).isOpen == isOpen)
    #expect(!HTTP2Gate(version: version, isBuiltIn: false).isOpen)
  }

  @Test func nothingButHTTP1UnlessAskedFor() {
    #expect(!EngineSettings(.init(), environment: [:]).usesHTTP2)
    #expect(
      EngineSettings(.init(httpVersion: .http2), environment: [:]).usesHTTP2 == CurlLibrary.http2.isOpen)
  }

  @Test func askingForHTTP2SpeaksHTTP1WithoutTLS() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer(body: "ok") }
    defer { server.stop() }
    let transport = CurlTransport(.init(proxy: .none, httpVersion: .http2), environment: [:])
    #expect(try await transport.text(of: server.request()) == "ok")
    #expect(server.requests.first?.header("upgrade") == nil)
  }
}
