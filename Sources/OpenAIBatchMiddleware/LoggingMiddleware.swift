// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

/// Logs each call, by allow-list: operation, status, duration and request id; of a failure its kind and
/// the attempts.
///
/// Never a header, a body, a path or a query; never above `debug`.
package struct LoggingMiddleware: Middleware {
  private let logger: Logger
  private let clock: PolicyClock

  /// Creates the middleware.
  package init(_ logger: Logger, clock: PolicyClock) {
    self.logger = logger
    self.clock = clock
  }

  package func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    let start = clock.now()
    var metadata: Logger.Metadata = ["operation": "\(context.operation)"]
    logger.trace("call started", metadata: metadata)
    do throws(CallFailure) {
      let response = try await next(request, context)
      metadata["status"] = "\(response.head.status.code)"
      metadata["request_id"] = response.head.headerFields[.requestID].map(Logger.MetadataValue.word)
      metadata["duration_ms"] = milliseconds(since: start)
      logger.debug("call answered", metadata: metadata)
      return response
    } catch {
      metadata.merge(error.logMetadata) { $1 }
      metadata["duration_ms"] = milliseconds(since: start)
      logger.debug("call failed", metadata: metadata)
      throw error
    }
  }

  private func milliseconds(since start: ContinuousClock.Instant) -> Logger.MetadataValue {
    .milliseconds(start.duration(to: clock.now()))
  }
}

extension CallFailure {
  /// What may be logged of a failure.
  var logMetadata: Logger.Metadata {
    var metadata: Logger.Metadata = ["attempts": "\(attempts)"]
    switch reason {
    case .transport(let failure): metadata["failure"] = "\(failure.kind.rawValue)"
    case .status(let failure):
      metadata["status"] = "\(failure.status)"
      metadata["code"] = failure.code.map(Logger.MetadataValue.word)
      metadata["request_id"] = failure.requestID.map(Logger.MetadataValue.word)
    case .configuration: metadata["failure"] = "configuration"
    case .middleware: metadata["failure"] = "middleware"
    }
    if isRetryBudgetExhausted { metadata["retry_budget"] = "exhausted" }
    return metadata
  }
}

extension Logger.MetadataValue {
  /// What a server sent, cut to what an id or a code can be: it cannot forge a line of the log.
  static func word(_ text: String) -> Self {
    let bytes = text.utf8.prefix(128).map { 0x21...0x7E ~= $0 ? $0 : UInt8(ascii: "?") }
    return .string(String(decoding: bytes, as: UTF8.self))
  }

  static func milliseconds(_ duration: Duration) -> Self {
    let (seconds, attoseconds) = duration.components
    return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)"
  }
}
