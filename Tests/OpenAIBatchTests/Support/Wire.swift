// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchURLSession
import Testing

/// The transports that every test on real sockets runs over.
enum Wire: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case curl, urlSession

  var testDescription: String { rawValue }

  var transport: any Transport {
    switch self {
    case .curl: Self.curlTransport
    case .urlSession: Self.urlSessionTransport
    }
  }

  // One of each for all tests, as in a program.
  private static let curlTransport = CurlTransport(.init(proxy: .none), environment: [:])
  private static let urlSessionTransport = URLSessionTransport()
}

extension BatchClient {
  /// A client of a server on this machine.
  static func loopback(
    _ server: LoopbackServer, _ wire: Wire, path: String = "/v1",
    configure: (inout Configuration) -> Void = { _ in }
  ) -> BatchClient {
    var configuration = Configuration(apiKey: "sk-wire", baseURL: "http://127.0.0.1:\(server.port)\(path)")
    configuration.timeouts = Timeouts(connect: .seconds(5), idle: .seconds(10), total: .seconds(20))
    configure(&configuration)
    return BatchClient(configuration: configuration, transport: wire.transport)
  }
}
