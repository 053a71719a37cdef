// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Testing

@testable import OpenAIBatch

struct BoundedQueueTests {
  private typealias Queue = BoundedQueue<Int, String>

  @Test func keepsTheOrderAndSaysHowItEnded() async {
    let queue = Queue(limit: 3)
    async let sent: Void = {
      for number in 0..<1000 { #expect(await queue.send(number, weight: 1)) }
      queue.finish("over")
    }()
    for number in 0..<1000 { #expect(await queue.receive().element == number) }
    #expect(await queue.receive().end == "over")
    #expect(await queue.receive().end == "over")
    await sent
  }

  @Test func holdsNoMoreThanItsLimit() async {
    let queue = Queue(limit: 10)
    #expect(await queue.send(0, weight: 4))
    #expect(await queue.send(1, weight: 6))
    // The third waits until there is room for it, which one of the first two does not make.
    let third = Task { await queue.send(2, weight: 7) }
    #expect(await queue.receive().element == 0)
    #expect(await queue.receive().element == 1)
    #expect(await third.value)
    #expect(await queue.receive().element == 2)
  }

  @Test func takesAnElementHeavierThanItsLimitAlone() async {
    let queue = Queue(limit: 10)
    #expect(await queue.send(0, weight: 100))
    let next = Task { await queue.send(1, weight: 1) }
    #expect(await queue.receive().element == 0)
    #expect(await next.value)
  }

  @Test func aSenderThatIsCancelledStopsWaiting() async {
    let queue = Queue(limit: 1)
    #expect(await queue.send(0, weight: 1))
    let waiting = Task { await queue.send(1, weight: 1) }
    waiting.cancel()
    #expect(await !waiting.value)
    queue.finish("cancelled")
    #expect(await queue.receive().element == 0)
    #expect(await queue.receive().end == "cancelled")
  }
}

extension BoundedQueue.Item {
  fileprivate var element: Element? { if case .element(let element) = self { element } else { nil } }
  fileprivate var end: End? { if case .end(let end) = self { end } else { nil } }
}
