// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The faults that have not struck yet, in the order in which they were asked for.
struct FaultQueue: Sendable {
  private var requests: [PendingRequestFault] = []
  private var batches: [BatchFault] = []

  private struct PendingRequestFault {
    let operation: BatchSimulator.Operation
    let fault: RequestFault
    var times: Int
  }

  init(_ faults: [BatchSimulator.Fault]) {
    for fault in faults { append(fault) }
  }

  mutating func append(_ fault: BatchSimulator.Fault) {
    switch fault.kind {
    case .request(let operation, let fault, let times) where times > 0:
      requests.append(PendingRequestFault(operation: operation, fault: fault, times: times))
    case .request:
      break
    case .batch(let fault):
      batches.append(fault)
    }
  }

  /// What strikes the next request of `operation`.
  ///
  /// A delay joins with the fault after it; two refusals strike one request after the other.
  mutating func take(for operation: BatchSimulator.Operation) -> [RequestFault] {
    var struck: [RequestFault] = []
    for index in requests.indices where requests[index].operation == operation {
      struck.append(requests[index].fault)
      requests[index].times -= 1
      guard case .delay = requests[index].fault else { break }
    }
    requests.removeAll { $0.times == 0 }
    return struck
  }

  /// What strikes the next batch.
  mutating func takeForBatch() -> BatchFaults {
    defer { batches = [] }
    return BatchFaults(batches)
  }
}

/// The faults of one batch, added up.
struct BatchFaults: Sendable {
  private(set) var droppedRows = 0
  private(set) var duplicatedRows = 0
  private(set) var expiresAfterFraction: Double?
  private(set) var failure: (code: String, message: String)?

  init(_ faults: [BatchFault] = []) {
    for fault in faults {
      switch fault {
      case .dropRows(let count): droppedRows += max(count, 0)
      case .duplicateRows(let count): duplicatedRows += max(count, 0)
      case .expire(let fraction): expiresAfterFraction = min(max(fraction.isNaN ? 0 : fraction, 0), 1)
      case .fail(let code, let message): failure = (code, message)
      }
    }
  }
}
