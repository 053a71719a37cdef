// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchCurl

struct TransferQueueTests {
  private let engine = CurlEngine(EngineSettings(.init(), environment: [:]))

  private func transfers(_ count: Int) throws -> [Transfer] {
    try (0..<count).map { index in
      let head = HTTPRequest(method: .get, scheme: "https", authority: "host-\(index)", path: "/")
      return try Transfer(TransportRequest(head: head, operation: "test"), engine: engine)
    }
  }

  private func rest(of queue: inout TransferQueue) -> [String] {
    var authorities: [String] = []
    while let transfer = queue.popFirst() { authorities.append(transfer.authority) }
    return authorities
  }

  @Test(arguments: [0, 1, 5, 3_000])
  func firstInFirstOut(count: Int) throws {
    var queue = TransferQueue()
    for transfer in try transfers(count) { queue.append(transfer) }
    #expect(queue.isEmpty == (count == 0))
    #expect(rest(of: &queue) == (0..<count).map { "host-\($0)" })
    #expect(queue.isEmpty)
  }

  @Test func addingAndTakingInTurnKeepsTheOrder() throws {
    var queue = TransferQueue()
    var taken: [String] = []
    for (index, transfer) in try transfers(5_000).enumerated() {
      queue.append(transfer)
      if index % 3 != 0, let next = queue.popFirst() { taken.append(next.authority) }
    }
    #expect(taken + rest(of: &queue) == (0..<5_000).map { "host-\($0)" })
  }

  @Test func endedTransfersAreSkippedAndLetGo() throws {
    var queue = TransferQueue()
    weak var ended: Transfer?
    do {
      let all = try transfers(300)
      for transfer in all { queue.append(transfer) }
      ended = all[1]
      for (index, transfer) in all.enumerated() where index % 3 != 0 {
        transfer.finish(.failed(.cancelled(mayHaveReachedServer: false)))
        queue.noteEnded()
      }
    }
    #expect(ended == nil)
    #expect(rest(of: &queue) == stride(from: 0, to: 300, by: 3).map { "host-\($0)" })
  }
}
