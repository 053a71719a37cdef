// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// What is known of a call's effect on the server, from what really went out and came back.
///
/// It stands right before the transport, so that no middleware, by calling `next` twice or by giving a lost
/// response another name, can make a second batch.
final class CallOutcome: Sendable {
  private let effect: Effect
  private let doubtful = Mutex(false)

  init(effect: Effect) {
    self.effect = effect
  }

  /// Whether the server may have acted on one of the requests.
  var isUnknown: Bool { doubtful.withLock { $0 } }

  /// Refuses a create that may have been acted on already.
  func willSend() throws(CallFailure) {
    if effect == .creates, isUnknown { throw CallFailure(.middleware(RepeatedCreate())) }
  }

  func didFail(_ failure: TransportFailure) {
    if failure.mayHaveReachedServer { doubt() }
  }

  func didReceive(_ head: HTTPResponse, at wallTime: Double) {
    switch head.status.code {
    case 300..<408, 409..<500: break
    case 503 where RetryHint(head.headerFields, now: wallTime) != nil: break
    default: doubt()
    }
  }

  private func doubt() {
    if effect != .safe { doubtful.withLock { $0 = true } }
  }
}

/// A middleware sent a create again that may have been acted on.
struct RepeatedCreate: Error, CustomStringConvertible {
  let description =
    "A middleware sent a create again although the first one may have made a batch; it was stopped."
}
