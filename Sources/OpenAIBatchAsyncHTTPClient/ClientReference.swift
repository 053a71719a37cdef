// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import Dispatch

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A client in use, or kept for use. One of the transport's own is shut down with the last reference.
final class ClientReference: Sendable {
  let client: HTTPClient
  private let isOwn: Bool
  private let process = getpid()

  init(_ client: HTTPClient, isOwn: Bool) {
    self.client = client
    self.isOwn = isOwn
  }

  deinit {
    close()
  }

  /// Closes the connections; harmless when repeated.
  func close() {
    guard isOwn else { return }
    guard getpid() == process else {
      // The connections are the parent's, and a client must not end without its shutdown.
      _ = Unmanaged.passRetained(client)
      return
    }
    // Not waited for: a connection that is still being opened may take up to its timeout.
    client.shutdown(queue: .global()) { _ in }
  }
}
#endif
