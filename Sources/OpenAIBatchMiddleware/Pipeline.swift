// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchTransport

/// The layers of a call, and the transport under them.
///
/// Per call: logging, user middleware, retry. Per attempt: rate limit, credential, response, user middleware.
package struct Pipeline: Sendable {
  private let layers: [any Middleware]
  private let transport: any Transport
  private let clock: PolicyClock

  /// Creates a pipeline.
  ///
  /// - Parameters:
  ///   - layers: From the outside in.
  ///   - transport: What sends each attempt.
  ///   - clock: What the deadline is read by.
  package init(layers: [any Middleware], transport: any Transport, clock: PolicyClock) {
    self.layers = layers
    self.transport = transport
    self.clock = clock
  }

  /// Sends a request through all layers.
  ///
  /// - Parameter record: Learns what is sent and what may have come of it.
  package func send(
    _ request: TransportRequest, context: CallContext, record: CallRecord
  ) async throws(CallFailure) -> TransportResponse {
    do throws(CallFailure) {
      return try await pass(request, context, layers[...], record)
    } catch {
      var failure = error
      failure.isOutcomeUnknown = record.effects > 0
      throw failure
    }
  }

  private func pass(
    _ request: TransportRequest, _ context: CallContext, _ rest: ArraySlice<any Middleware>,
    _ record: CallRecord
  ) async throws(CallFailure) -> TransportResponse {
    do throws(CallFailure) {
      guard let layer = rest.first else { return try await transmit(request, context, record) }
      return try await layer.intercept(request, context: context) {
        (request, context) async throws(CallFailure) -> TransportResponse in
        try await pass(request, context, rest.dropFirst(), record)
      }
    } catch {
      // Whoever makes a failure, only what was sent counts.
      var failure = error
      failure.attempts = record.attempts
      throw failure
    }
  }

  private func transmit(
    _ request: TransportRequest, _ context: CallContext, _ record: CallRecord
  ) async throws(CallFailure) -> TransportResponse {
    guard !Task.isCancelled else { throw .cancelled("before sending") }
    var request = request
    var headLimit: Duration?
    if let deadline = context.deadline {
      let left = clock.now().duration(to: deadline)
      guard left > .zero else { throw .timedOut("The call's timeout passed before the request was sent.") }
      if context.collectLimit != nil {
        request.timeouts.total = min(request.timeouts.total ?? left, left)
      } else {
        // A streamed response outlives the call: only the time until it begins is the call's.
        headLimit = left
      }
    }
    try record.willSend()
    do throws(TransportFailure) {
      let response =
        if let headLimit {
          try await transport.send(request, headWithin: headLimit, clock)
        } else {
          try await transport.send(request)
        }
      record.didReceive(response.head, at: clock.wallTime())
      return response
    } catch {
      record.didFail(error)
      throw CallFailure(.transport(error))
    }
  }
}
