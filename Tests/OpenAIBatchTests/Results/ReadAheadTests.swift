// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Synchronization
import Testing

@testable import OpenAIBatch

struct ReadAheadTests {
  @Test func handsOverInOrderWhateverWorkEndsFirst() async {
    let ahead = ReadAhead<Int, String> { hand in
      for number in 0..<2000 {
        // The earlier ones of each ten take longest.
        let rounds = (10 - number % 10) * 500
        guard await hand(1000, { (0..<rounds).reduce(number) { $0 ^ $1 ^ $1 } }) else { return "stopped" }
      }
      return "complete"
    }
    for number in 0..<2000 { #expect(await ahead.next().block == number) }
    #expect(await ahead.next().end == "complete")
  }

  @Test func readsNoFurtherThanItsLimit() async {
    let read = Mutex(0)
    let weight = 100_000
    let ahead = ReadAhead<Int, String> { hand in
      for number in 0..<1000 {
        read.withLock { $0 += weight }
        guard await hand(weight, { number }) else { return "stopped" }
      }
      return "complete"
    }
    var taken = 0
    while let number = await ahead.next().block {
      #expect(number == taken / weight)
      taken += weight
      // One block more waits outside of the queue.
      #expect(read.withLock(\.self) <= taken + ReadAheadSize.limit + weight)
    }
    #expect(taken == 1000 * weight)
  }

  @Test func stopsWhenNobodyReadsAnyMore() async {
    let (stopped, continuation) = AsyncStream.makeStream(of: Bool.self)
    var ahead: ReadAhead<Int, String>? = ReadAhead { hand in
      while await hand(1 << 20, { 0 }) {}
      continuation.yield(Task.isCancelled)
      return "stopped"
    }
    #expect(await ahead?.next().block == 0)
    ahead = nil
    var stops = stopped.makeAsyncIterator()
    #expect(await stops.next() == true)
  }

  @Test func aReaderThatIsCancelledCancelsTheSource() async {
    let ahead = ReadAhead<Int, String> { _ in
      let (silence, end) = AsyncStream.makeStream(of: Never.self)
      await withTaskCancellationHandler {
        for await _ in silence {}
      } onCancel: {
        end.finish()
      }
      return Task.isCancelled ? "cancelled" : "complete"
    }
    let reader = Task { await ahead.next().end }
    reader.cancel()
    #expect(await reader.value == "cancelled")
  }
}

extension ReadAhead.Result {
  fileprivate var block: Output? { if case .block(let block) = self { block } else { nil } }
  fileprivate var end: End? { if case .end(let end) = self { end } else { nil } }
}
