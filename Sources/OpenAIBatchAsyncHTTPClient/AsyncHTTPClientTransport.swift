// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
public import AsyncHTTPClient
internal import NIOCore
public import OpenAIBatchTransport

/// Sends requests with AsyncHTTPClient: for applications that run on SwiftNIO.
///
/// Connections are kept and shared; HTTP/1.1 is spoken, over TLS 1.2 or newer. Both bodies stream with back-pressure,
/// about 1 MiB of each in memory. Nothing is decompressed, followed, or authenticated, and no request is sent twice:
/// AsyncHTTPClient repeats none, and a kept connection that dies before it answers fails the call as `interrupted`.
///
/// Calls are spans of the process's tracer, where there is one, and carry its context, as all of AsyncHTTPClient's do.
///
/// What AsyncHTTPClient and SwiftNIO set the limits of:
/// - A response with a Content-Length beside chunks, or with two equal Content-Length fields, is `malformed`. Header
///   bytes that are not UTF-8 arrive as replacement characters.
/// - A request target may have the characters of RFC 3986 only; others must be encoded by the caller, or the request is
///   `invalid`.
/// - A proxy is reached by CONNECT, for plain http too.
/// - A connection attempt cannot be called off. That of a cancelled call goes on until the call's ``Timeouts/connect``
///   would have passed, may outlive the transport by as much, and until then a call to the same host with the same
///   timeout waits for it before it begins one of its own.
///
/// No shutdown is needed: with the last reference, transfers still running (a response body that is being read does not
/// keep the transport alive) fail with the kind `shutDown`. In a forked child the transport refuses to work, with the
/// same kind.
public final class AsyncHTTPClientTransport: Transport {
  private let engine: Engine

  /// Creates a transport with connections of its own, on one of the process's shared event loops; nothing is opened or
  /// started yet.
  ///
  /// A set-up that cannot work, such as a missing CA file, fails each ``send(_:)`` with the kind `invalid`.
  ///
  /// - Parameters:
  ///   - configuration: Connections, trust and proxy.
  ///   - environment: Where `SSL_CERT_FILE` and the proxy variables are looked up; by default the process's own
  ///     environment.
  public init(_ configuration: Configuration = Configuration(), environment: [String: String]? = nil) {
    let loop = HTTPClient.defaultEventLoopGroup.next()
    let clients = OwnClients(
      configuration, environment: environment ?? ProcessEnvironment.relevantVariables(), loop: loop)
    engine = Engine(clients: clients, loop: loop, maxConnections: configuration.maxConnections)
  }

  /// Creates a transport that shares the application's client, with its event loops, trust, proxy and versions of HTTP.
  ///
  /// The client is the application's: it must outlive the transport, which never shuts it down. Its own timeouts apply
  /// beside the request's, and three of its settings should be switched off, because the transport can only limit what
  /// they do:
  /// - `redirectConfiguration`, which follows by default: a redirect is returned, but without its body;
  /// - `decompression`: a response with a Content-Encoding that the request did not ask for is `malformed`;
  /// - `connectionPool.retryConnectionEstablishment`, which tries again by default: a server that is not trusted makes
  ///   the call `notSent` when its connect timeout has passed, and not `insecure` at once.
  ///
  /// A refusal (a status of 300 or more) that comes before the request's body is whole, and has no Content-Length, is
  /// returned without its body.
  ///
  /// Over HTTP/1.1 a connection that breaks inside the head of a response is `interrupted`, not `truncated`, and so is
  /// a call on a connection that the server closed a moment before. AsyncHTTPClient keeps HTTP/1.1 connections for
  /// this transport only if the client has a single event loop; else most calls open one of their own.
  ///
  /// - Parameters:
  ///   - client: The application's client.
  ///   - maxConnections: How many transfers run at once; others wait, first in, first out. At least 1.
  public init(client: HTTPClient, maxConnections: Int = 64) {
    engine = Engine(
      clients: SharedClient(client), loop: client.eventLoopGroup.any(), maxConnections: maxConnections)
  }

  deinit {
    engine.stop()
  }

  /// Sends `request` and returns the response's head, with the body still to be read.
  ///
  /// - Throws: ``TransportFailure``; `invalid` before anything is sent for a URL that is not http or https, has user
  ///   information or characters that must be encoded, for a header with control characters, and for a set-up that
  ///   cannot work.
  public func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    try await engine.send(request)
  }

  /// Lets queued and running transfers finish, refuses new ones, and returns when the last is done. The kept
  /// connections are being closed then.
  ///
  /// Transfers are bounded by their own timeouts, but a response body that nobody reads is not: cancel the calling task
  /// to end what is left, with the kind `shutDown`. Calling it again is harmless.
  public func shutdown() async {
    await engine.shutdown()
  }
}

extension AsyncHTTPClientTransport: CustomStringConvertible, CustomReflectable {
  /// The type's name.
  public var description: String { "AsyncHTTPClientTransport" }

  /// Shows nothing that could be a secret.
  public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .class) }
}
#endif
