// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchTransport

/// Sends requests with Foundation's `URLSession`.
///
/// On Apple platforms it streams both ways. On Linux it is the transport without a further dependency, and
/// `CurlTransport` is the better one; the limits there are Foundation's (measured with Swift 6.3.1):
///
/// - Foundation cannot pause a response. Bytes that nobody has read yet beyond 8 MiB go to unlinked temporary files,
///   up to ``Configuration/spoolLimit``; beyond that the transfer ends with the kind `tooLarge`.
/// - A call that is cancelled, or whose body is dropped, ends at once for its caller; its connection goes on for as
///   long as the server sends faster than Foundation reads, which happens on one machine only.
/// - A response with trailers, a connection that closes in the middle of a response's header, and a redirect to
///   `//[` with an IPv6 address trap inside Foundation and end the process (swift-corelibs-foundation issues 5285
///   and 5286; the first two are fixed in Swift 6.4).
/// - A call whose body is a file, or of more than 1 MiB, and that is cancelled or loses its connection while the body
///   is being sent, can trap inside Foundation and end the process: once in twenty to a hundred times when it is
///   cancelled, once in five when a 20 MB upload is reset near its end. A Content-Length of 2^63 - 2 and more traps.
/// - What a server sends on a kept connection after the end of a response can be taken for the answer to the next GET.
///   Of two fields Content-Length that differ in case the last one counts.
/// - Ending a session that has open TLS connections can trap with recent versions of libcurl (issue 5203): make one
///   transport and keep it.
/// - ``Timeouts/connect`` is enforced for requests with a body only; without one Foundation does not tell connecting
///   from waiting, and `idle` and `total` apply.
/// - Repeated response fields arrive as one, joined with commas. A field without a space after its colon or
///   with bytes that are not UTF-8, and a status line without a space after its code, count as `malformed`.
/// - A folded `Transfer-Encoding` is not seen: its body arrives with the sizes of its chunks. A head of tens of
///   thousands of folded lines holds up the calls of all transports while Foundation reads it; of heads there is no
///   limit below its own.
/// - A redirect without a `Location` arrives without its body.
/// - TLS trusts the system's certificates and no others; `SSL_CERT_FILE` is not honoured. HTTP/2 is used when libcurl
///   and the server agree on it, and cannot be turned off.
/// - POST, DELETE and the like ask the server to close the connection afterwards and go on one that is new: on a
///   reused one that died libcurl would send them again. Over HTTP/2, where that cannot be asked for, a request
///   without a body may be sent twice; one with a body fails as `interrupted` (read from the sources, not measured).
///
/// Everywhere: bodies of unknown length, and those over 1 MiB that are not files, are copied to a private temporary
/// file before they are sent. A compressed response is refused as `malformed`, because Foundation decodes it without
/// noticing that it was cut. GET and HEAD cannot have a body.
///
/// The transport needs no shutdown: with its last reference, transfers that still run fail with the kind `shutDown`.
public final class URLSessionTransport: Transport {
  /// How a transport is set up.
  public struct Configuration: Sendable, Hashable {
    /// The most requests that run at once; others wait in the order in which they came. 6 by default, at least 1.
    public var maxConnections: Int
    /// The most bytes of one response that wait in temporary files; 4 GiB by default. Used on Linux, where a response
    /// cannot be paused.
    public var spoolLimit: Int64
    /// Where temporary files are made; `nil` for the folder that `TMPDIR` names, else `/var/tmp`.
    public var temporaryDirectory: String?

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - maxConnections: The most requests that run at once.
    ///   - spoolLimit: The most bytes of one response that wait in temporary files.
    ///   - temporaryDirectory: Where temporary files are made; `nil` for `TMPDIR`, else `/var/tmp`.
    public init(maxConnections: Int = 6, spoolLimit: Int64 = 4 << 30, temporaryDirectory: String? = nil) {
      self.maxConnections = maxConnections
      self.spoolLimit = spoolLimit
      self.temporaryDirectory = temporaryDirectory
    }
  }

  let engine: SessionEngine

  /// Creates a transport. Never fails: what is wrong with the configuration shows in the first ``send(_:)``.
  public init(_ configuration: Configuration = Configuration()) {
    engine = SessionEngine(configuration)
  }

  deinit {
    engine.shutDown()
  }

  /// Sends `request` and returns the response's head, with the body still to be read.
  ///
  /// - Throws: ``TransportFailure``; a cancelled task gets the kind `cancelled`.
  public func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    try await engine.send(request)
  }

  /// Lets queued and running transfers finish, refuses new ones, and returns when nothing of them is left.
  ///
  /// Transfers are bounded by their own timeouts, but where responses can be paused, one that nobody reads is not:
  /// cancel the calling task to end what is left, with the kind `shutDown`. Calling it again is harmless.
  public func shutdown() async {
    await engine.drain()
  }
}
