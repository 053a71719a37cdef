// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import NIOCore

/// The application's client.
struct SharedClient: Clients {
  private let reference: ClientReference

  init(_ client: HTTPClient) {
    reference = ClientReference(client, isOwn: false)
  }

  var areShared: Bool { true }
  var haveSeveralLoops: Bool {
    reference.client.eventLoopGroup.makeIterator().dropFirst().contains { _ in true }
  }
  func client(for request: PreparedRequest, connectTimeout: Duration) -> ClientReference { reference }
  func takeLastWriter() -> ConnectionWatch? { nil }
  func close() {}
}
#endif
