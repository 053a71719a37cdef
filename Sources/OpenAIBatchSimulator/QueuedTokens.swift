// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// The input tokens that batches have queued, per model and as a function of time.
final class QueuedTokens: Sendable {
  private struct Reservation {
    let batch: String
    let model: String
    let tokens: Int
    let start: Duration
    var end: Duration
  }

  private let limit: Int?
  private let reservations = Mutex<[Reservation]>([])

  init(limit: Int?) {
    self.limit = limit
  }

  /// Queues the tokens of a batch, unless the limit would be passed at `start`.
  func reserve(_ tokens: Int, model: String, for batch: String, from start: Duration, until end: Duration)
    -> Bool
  {
    guard let limit else { return true }
    return reservations.withLock { reservations in
      let queued = reservations.reduce(0) { sum, other in
        other.model == model && other.start <= start && start < other.end ? sum + other.tokens : sum
      }
      guard queued + tokens <= limit else { return false }
      // A batch that ended long before can matter to no later one: batches start in the order of creation,
      // give or take the checks that were asked for out of order.
      reservations.removeAll { $0.end < start - .seconds(3600) }
      reservations.append(
        Reservation(batch: batch, model: model, tokens: tokens, start: start, end: end))
      return true
    }
  }

  /// Frees the tokens of a batch that ends earlier than it was to.
  func end(_ batch: String, at end: Duration) {
    reservations.withLock { reservations in
      for index in reservations.indices where reservations[index].batch == batch {
        reservations[index].end = min(reservations[index].end, end)
      }
    }
  }
}
