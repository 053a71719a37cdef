// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchTransport

/// Wraps each call, or each attempt, of a client.
///
/// A middleware may change the request, look at the response's head, wait, or fail; it calls `next` to go on.
/// Repeating is the retry policy's business, so call `next` once. (A create that may have been acted on is never
/// sent again, whatever a middleware does.) Fail with ``CallFailure/Reason/middleware(_:)`` and your own error.
public protocol Middleware: Sendable {
  /// Continues with the next middleware, and finally the transport.
  typealias Next = (TransportRequest, CallContext) async throws(CallFailure) -> TransportResponse

  /// Handles one call or attempt.
  ///
  /// - Parameters:
  ///   - request: What is to be sent. Per attempt it carries the credentials; per call it does not yet.
  ///   - context: Which operation this is, and which attempt.
  ///   - next: Goes on.
  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse
}

/// Where a middleware stands relative to the retry loop.
public enum MiddlewarePosition: Sendable, Hashable {
  /// Once for each call, outside of all attempts.
  case perCall
  /// Once for each attempt, right before the transport.
  case perAttempt
}
