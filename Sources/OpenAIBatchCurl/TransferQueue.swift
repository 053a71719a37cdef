// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Transfers that wait for a free connection, first in, first out.
///
/// One that was cancelled while it waited stays as an ended transfer until its turn, or until half of the queue
/// is of that kind.
struct TransferQueue {
  private var transfers: [Transfer?] = []
  private var first = 0
  private var endedCount = 0

  var isEmpty: Bool { first == transfers.count }

  mutating func append(_ transfer: Transfer) {
    transfers.append(transfer)
  }

  /// The next transfer that still wants to run.
  mutating func popFirst() -> Transfer? {
    while first < transfers.count {
      let transfer = transfers[first]
      transfers[first] = nil
      first += 1
      if first == transfers.count {
        transfers.removeAll(keepingCapacity: transfers.count <= 1_024)
        first = 0
      } else if first >= 1_024, first * 2 > transfers.count {
        transfers.removeFirst(first)
        first = 0
      }
      if let transfer, !transfer.hasEnded { return transfer }
    }
    return nil
  }

  /// Notes that some transfer, likely one in here, has ended.
  mutating func noteEnded() {
    endedCount += 1
    guard endedCount >= 64, endedCount * 2 > transfers.count - first else { return }
    transfers = transfers[first...].filter { $0?.hasEnded == false }
    first = 0
    endedCount = 0
  }

  func forEach(_ body: (Transfer) -> Void) {
    for case let transfer? in transfers[first...] { body(transfer) }
  }
}
