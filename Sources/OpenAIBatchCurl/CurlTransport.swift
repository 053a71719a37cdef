// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchTransport

/// Sends requests with libcurl, on one thread of its own.
///
/// Connections are kept and shared; HTTP/1.1 is spoken unless ``Configuration/httpVersion`` says otherwise, over TLS
/// 1.2 or newer. Responses stream with back-pressure, at most 2 MiB of each in memory. Nothing is decompressed,
/// followed, or authenticated.
///
/// A request is sent once. libcurl itself repeats a GET or HEAD when a kept connection turns out to be dead
/// before the first byte of a response; it is kept from doing so with any other method, and such a request
/// fails as `interrupted`. One without a body whose method is not GET or HEAD always opens a new connection.
///
/// Where calls come one at a time and a server nearby answers each within a fifth of a millisecond, a call waits that
/// long without giving up its thread: being put to sleep and woken would take longer than the answer.
///
/// libcurl before 7.87 waits for the end of a name lookup when its call is cancelled or out of time, and all calls wait
/// with it. A libcurl with a TLS library inside of it, such as in wheels for Python, hides from the transport whether a
/// kept connection has bytes that were decrypted and belong to no answer, and can crash a process that exits meanwhile;
/// those of distributions have none.
///
/// No shutdown is needed: with the last reference the thread ends, and transfers still running (a response body
/// that is being read does not keep the transport alive) fail with the kind `shutDown`. In a forked child the
/// transport refuses to work, with the same kind.
public final class CurlTransport: Transport {
  /// What the transport was made with.
  public let configuration: Configuration
  private let engine: CurlEngine

  /// Creates a transport; nothing is opened or started yet.
  ///
  /// A set-up that cannot work, such as a missing CA file, fails each ``send(_:)`` with the kind `invalid`.
  ///
  /// - Parameters:
  ///   - configuration: Connections, trust and proxy.
  ///   - environment: Where `SSL_CERT_FILE` and the proxy variables are looked up; by default the process's own
  ///     environment.
  ///   - onMetrics: Called once for each call that libcurl began, after its end, on the transport's own thread: it must
  ///     return soon, and not wait for the transport.
  public init(
    _ configuration: Configuration = Configuration(), environment: [String: String]? = nil,
    onMetrics: (@Sendable (Metrics) -> Void)? = nil
  ) {
    self.configuration = configuration
    engine = CurlEngine(
      EngineSettings(
        configuration, environment: environment ?? ProcessEnvironment.relevantVariables(),
        onMetrics: onMetrics))
  }

  deinit {
    engine.stop()
  }

  /// Sends `request` and returns the response's head, with the body still to be read.
  ///
  /// - Throws: ``TransportFailure``; `invalid` before anything is sent for a URL that is not http or https, has
  ///   user information or characters that must be encoded, for a header with control characters, and for a
  ///   set-up that cannot work.
  public func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    try engine.checkUsable()
    guard !Task.isCancelled else { throw .cancelled(mayHaveReachedServer: false) }
    let transfer = try Transfer(request, engine: engine)
    let head = try await transfer.head()
    return TransportResponse(head: head, body: ResponseBody(transfer))
  }

  /// Lets queued and running transfers finish, refuses new ones, and returns when the thread has let go of
  /// everything.
  ///
  /// Transfers are bounded by their own timeouts, but a response body that nobody reads is not: cancel the
  /// calling task to end what is left, with the kind `shutDown`. Calling it again is harmless.
  public func shutdown() async {
    await engine.shutdown()
  }
}

extension CurlTransport: CustomStringConvertible, CustomReflectable {
  /// The type's name.
  public var description: String { "CurlTransport" }

  /// Shows the configuration, without a proxy's credentials.
  public var customMirror: Mirror {
    Mirror(self, children: ["configuration": configuration], displayStyle: .class)
  }
}
