// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// What really went out for one call, and what is known of its effect on the server.
///
/// It is kept right above the transport, so that no middleware, by calling `next` twice or by giving a lost
/// response another name, can make a second batch.
package final class CallRecord: Sendable {
  private struct State {
    var attempts = 0
    var doubtful = 0
    var isUnderWay = false
  }
  private let effect: Effect
  private let state = Mutex(State())

  /// Creates the record of a call that begins.
  package init(effect: Effect) {
    self.effect = effect
  }

  /// How many requests were handed to the transport.
  package var attempts: Int { state.withLock { $0.attempts } }

  /// How many requests the server may have acted on, an answered one included; 0 for reading.
  package var effects: Int { effect == .safe ? 0 : state.withLock { $0.doubtful } }

  /// Counts a request that is about to be sent; refuses a create that may have been acted on already.
  func willSend() throws(CallFailure) {
    try state.withLock { state throws(CallFailure) in
      if effect == .creates, state.doubtful > 0 || state.isUnderWay {
        throw CallFailure(.middleware(RepeatedCreate()))
      }
      state.attempts += 1
      state.isUnderWay = true
    }
  }

  func didFail(_ failure: TransportFailure) {
    end(inDoubt: failure.mayHaveReachedServer)
  }

  func didReceive(_ head: HTTPResponse, at wallTime: Double) {
    switch head.status.code {
    case 300..<408, 409..<500: end(inDoubt: false)
    case 503 where RetryHint(head.headerFields, now: wallTime) != nil: end(inDoubt: false)
    default: end(inDoubt: true)
    }
  }

  private func end(inDoubt: Bool) {
    state.withLock { state in
      state.isUnderWay = false
      if inDoubt { state.doubtful += 1 }
    }
  }
}

/// A middleware sent a create again that may have been acted on.
struct RepeatedCreate: Error, CustomStringConvertible {
  let description =
    "A middleware sent a create again although the first one may have made a batch; it was stopped."
}
