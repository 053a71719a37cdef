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
  package func send(
    _ request: TransportRequest, context: CallContext
  ) async throws(CallFailure) -> TransportResponse {
    let outcome = CallOutcome(effect: context.effect)
    do throws(CallFailure) {
      return try await pass(request, context, layers[...], outcome)
    } catch {
      var failure = error
      failure.isOutcomeUnknown = outcome.isUnknown
      throw failure
    }
  }

  private func pass(
    _ request: TransportRequest, _ context: CallContext, _ rest: ArraySlice<any Middleware>,
    _ outcome: CallOutcome
  ) async throws(CallFailure) -> TransportResponse {
    guard let layer = rest.first else { return try await transmit(request, context, outcome) }
    return try await layer.intercept(request, context: context) {
      (request, context) async throws(CallFailure) -> TransportResponse in
      try await pass(request, context, rest.dropFirst(), outcome)
    }
  }

  private func transmit(
    _ request: TransportRequest, _ context: CallContext, _ outcome: CallOutcome
  ) async throws(CallFailure) -> TransportResponse {
    guard !Task.isCancelled else { throw .cancelled("before sending") }
    try outcome.willSend()
    var request = request
    if let deadline = context.deadline {
      let left = clock.now().duration(to: deadline)
      guard left > .zero else { throw .timedOut("The call's timeout passed before the request was sent.") }
      // A streamed response outlives the call, so the call's deadline does not bound its reading.
      if context.collectLimit != nil { request.timeouts.total = min(request.timeouts.total ?? left, left) }
    }
    do throws(TransportFailure) {
      let response = try await transport.send(request)
      outcome.didReceive(response.head, at: clock.wallTime())
      return response
    } catch {
      outcome.didFail(error)
      throw CallFailure(.transport(error))
    }
  }
}
