// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Sends one request over the network, once.
///
/// A transport does not retry, authenticate, log, decode, decompress or follow redirects.
/// Its failures are of a closed set of kinds, because the retry rules depend on the difference:
/// see ``TransportFailure/Kind``.
///
/// What an implementation must do:
/// - send the request at most once: no silent re-send, not even on a dead reused connection, unless the
///   method is GET or HEAD;
/// - return as soon as the response head is there, and deliver the body as it is pulled;
/// - return 3xx, 4xx and 5xx as responses, never as failures;
/// - honour ``TransportRequest/timeouts`` and the cancellation of the calling task, in every phase;
/// - keep duplicate response headers, and never trap on what a server sends.
///
/// Choose a transport to say *how* bytes travel; choose a middleware to say *whether and when* they do.
public protocol Transport: Sendable {
  /// Sends `request` and returns the response's head, with the body still to be read.
  ///
  /// - Throws: ``TransportFailure``; a cancelled task gets the kind `cancelled`.
  func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse
}
