// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

extension Transport {
  /// Sends a request whose response must begin within a time; the reading of its body may take longer.
  func send(
    _ request: TransportRequest, headWithin limit: Duration, _ clock: PolicyClock
  ) async throws(TransportFailure) -> TransportResponse {
    let race = HeadRace()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await race.run(self, request) }
      group.addTask {
        guard (try? await clock.sleep(limit)) != nil else { return }
        race.timeOut()
      }
      await group.next()
      group.cancelAll()
    }
    return try race.result()
  }
}

/// The response or the failure of a request, whichever task brings it.
private final class HeadRace: Sendable {
  private struct State: ~Copyable {
    var response: TransportResponse?
    var failure: TransportFailure?
    var isTimedOut = false
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

  func timeOut() { state.withLock { $0.isTimedOut = true } }

  func result() throws(TransportFailure) -> TransportResponse {
    try state.withLock { state throws(TransportFailure) in
      if let response = state.response.take() { return response }
      let failure = state.failure
      guard state.isTimedOut, failure?.kind == .cancelled else {
        throw failure ?? TransportFailure(.cancelled, "Cancelled while sending.", mayHaveReachedServer: true)
      }
      throw TransportFailure(
        .timedOut, "The call's timeout passed before the response began.",
        mayHaveReachedServer: failure?.mayHaveReachedServer ?? true)
    }
  }
}
