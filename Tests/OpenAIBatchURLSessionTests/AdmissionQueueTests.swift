// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Testing

@testable import OpenAIBatchURLSession

struct AdmissionQueueTests {
  @Test func firstInFirstOut() {
    var line = AdmissionQueue<String>(limit: 2)
    #expect(line.add("a", id: 1) == "a")
    #expect(line.add("b", id: 2) == "b")
    #expect(line.add("c", id: 3) == nil)
    #expect(line.add("d", id: 4) == nil)
    #expect(line.finish(2) == "c")
    #expect(line.finish(1) == "d")
    #expect(line.finish(3) == nil)
    #expect(line.finish(4) == nil)
    #expect(line.runningCount == 0)
  }

  @Test func whoWaitsCanLeave() {
    var line = AdmissionQueue<String>(limit: 1)
    #expect(line.add("a", id: 1) == "a")
    #expect(line.add("b", id: 2) == nil)
    #expect(line.add("c", id: 3) == nil)
    #expect(line.remove(2) == true)
    #expect(line.remove(2) == false)
    #expect(line.remove(1) == false)
    #expect(line.finish(1) == "c")
  }

  @Test func finishingTwiceFreesOnePlace() {
    var line = AdmissionQueue<String>(limit: 1)
    _ = line.add("a", id: 1)
    _ = line.add("b", id: 2)
    _ = line.add("c", id: 3)
    #expect(line.finish(1) == "b")
    #expect(line.finish(1) == nil)
    #expect(line.runningCount == 1)
    #expect(line.waitingCount == 1)
  }

  @Test func everyoneWaitingCanBeSentAway() {
    var line = AdmissionQueue<String>(limit: 1)
    for (id, name) in ["a", "b", "c", "d"].enumerated() { _ = line.add(name, id: UInt64(id)) }
    #expect(line.remove(2) == true)
    #expect(line.removeAllWaiting() == ["b", "d"])
    #expect(line.finish(0) == nil)
  }

  @Test func aLimitBelowOneIsOne() {
    var line = AdmissionQueue<String>(limit: 0)
    #expect(line.add("a", id: 1) == "a")
    #expect(line.add("b", id: 2) == nil)
  }

  @Test func longLinesKeepTheirOrder() {
    var line = AdmissionQueue<Int>(limit: 1)
    var started: [Int] = []
    for index in 0..<5000 {
      if let next = line.add(index, id: UInt64(index)) { started.append(next) }
    }
    for index in stride(from: 1, to: 5000, by: 3) { #expect(line.remove(UInt64(index)) == true) }
    while let last = started.last, let next = line.finish(UInt64(last)) { started.append(next) }
    #expect(started == (0..<5000).filter { $0 % 3 != 1 })
  }
}
