// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

extension PolicyClock {
  /// Runs work that is cancelled when a time is over; its end is awaited even then.
  ///
  /// - Returns: What the work came to, and whether the time was over before that.
  package func run<Value: Sendable>(
    within limit: Duration, _ work: @escaping @Sendable () async -> Value
  ) async -> (value: Value, isOver: Bool) {
    let work = Task { await work() }
    let timer = Task {
      guard (try? await sleep(limit)) != nil else { return false }
      work.cancel()
      return true
    }
    let value = await withTaskCancellationHandler {
      await work.value
    } onCancel: {
      work.cancel()
    }
    timer.cancel()
    return (value, await timer.value)
  }
}

extension Transport {
  /// Sends a request whose response must begin within a time; the reading of its body may take longer.
  func send(
    _ request: TransportRequest, headWithin limit: Duration, _ clock: PolicyClock
  ) async throws(TransportFailure) -> TransportResponse {
    let race = HeadRace()
    let (_, isOver) = await clock.run(within: limit) { await race.run(self, request) }
    return try race.result(isTimedOut: isOver)
  }
}

/// The response or the failure of a request, whichever task brings it.
private final class HeadRace: Sendable {
  private struct State: ~Copyable {
    var response: TransportResponse?
    var failure: TransportFailure?
  }
  private let state = Mutex(State())

  func run(_ transport: some Transport, _ request: TransportRequest) async {
    do throws(TransportFailure) {
      var response: TransportResponse? = try await transport.send(request)
      state.withLock { $0.response = response.take() }
    } catch {
      state.withLock { $0.failure = error }
    }
  }

  func result(isTimedOut: Bool) throws(TransportFailure) -> TransportResponse {
    try state.withLock { state throws(TransportFailure) in
      if let response = state.response.take() { return response }
      let failure = state.failure
      guard isTimedOut, failure?.kind == .cancelled else {
        throw failure ?? TransportFailure(.cancelled, "Cancelled while sending.", mayHaveReachedServer: true)
      }
      throw TransportFailure(
        .timedOut, "The call's timeout passed before the response began.",
        mayHaveReachedServer: failure?.mayHaveReachedServer ?? true)
    }
  }
}
