// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

/// What may happen to the connection that a request is sent on.
enum ConnectionUse {
  /// It may have served, and may serve, other requests.
  case kept
  /// It is closed after the response.
  case closed
  /// It is closed after the response, and no other request can get it when the server keeps it open.
  case isolated
}

/// A `URLSession` that is invalidated when its last user is gone: the transport, or a running transfer.
final class ManagedSession: Sendable {
  let session: URLSession
  let delegate: SessionDelegate

  init(maxConnections: Int, delegate: SessionDelegate) {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.urlCache = nil
    configuration.httpCookieStorage = nil
    configuration.httpShouldSetCookies = false
    configuration.httpCookieAcceptPolicy = .never
    configuration.urlCredentialStorage = nil
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    #if canImport(FoundationNetworking)
    // No limit of libcurl's: a transfer that it holds back can trap (#5522). The transport's own line is the limit.
    configuration.httpMaximumConnectionsPerHost = 0
    session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: InlineQueue())
    #else
    configuration.httpMaximumConnectionsPerHost = maxConnections
    configuration.waitsForConnectivity = false
    configuration.timeoutIntervalForResource = 31_536_000
    session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: nil)
    #endif
    self.delegate = delegate
  }

  deinit {
    session.finishTasksAndInvalidate()
  }
}

#if canImport(FoundationNetworking)
/// Runs callbacks where Foundation makes them.
///
/// Foundation on Linux cannot pause a transfer and queues what it receives for the delegate without end. When the
/// delegate runs on Foundation's own queue, nothing is received while it writes to the spool.
///
/// The conformance is inherited and only said again, as the compiler asks: the class adds no state.
private final class InlineQueue: OperationQueue, @unchecked Sendable {
  override func addOperation(_ block: @escaping @Sendable () -> Void) { block() }
}
#endif
