// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import OpenAIBatchTransport

/// Where the client comes from that carries a request.
protocol Clients: Sendable {
  /// Whether redirects and compression are not ours to switch off.
  var areShared: Bool { get }
  /// Whether a call could be carried on another event loop than the transport's.
  var haveSeveralLoops: Bool { get }
  /// The client for a request.
  ///
  /// - Throws: Kind `invalid` for a set-up that cannot work; `shutDown` after ``close()``.
  func client(
    for request: PreparedRequest, connectTimeout: Duration
  ) throws(TransportFailure) -> ClientReference
  /// The connection that wrote last, once; on the event loop only.
  func takeLastWriter() -> ConnectionWatch?
  /// Closes the kept connections.
  func close()
}
#endif
