// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Who may start: at most `limit` elements run, the others wait in the order in which they came.
struct AdmissionQueue<Element> {
  private let limit: Int
  private var running: Set<UInt64> = []
  private var waiting: [UInt64: Element] = [:]
  /// The order of those that wait; ids that are no longer in `waiting` were removed and are skipped.
  private var order: [UInt64] = []
  private var firstInOrder = 0

  init(limit: Int) {
    self.limit = max(limit, 1)
  }

  var waitingCount: Int { waiting.count }
  var runningCount: Int { running.count }

  /// Adds an element; gives it back when it may start at once.
  mutating func add(_ element: Element, id: UInt64) -> Element? {
    waiting[id] = element
    order.append(id)
    return startNext()
  }

  /// Ends the run of `id`; gives the element that may start in its place.
  mutating func finish(_ id: UInt64) -> Element? {
    guard running.remove(id) != nil else { return nil }
    return startNext()
  }

  /// Takes a waiting element out of the line; `false` when it does not wait.
  mutating func remove(_ id: UInt64) -> Bool {
    guard waiting.removeValue(forKey: id) != nil else { return false }
    if order.count - firstInOrder > 2 * waiting.count + 32 {
      order = order[firstInOrder...].filter { waiting[$0] != nil }
      firstInOrder = 0
    }
    return true
  }

  /// Takes all waiting elements out of the line.
  mutating func removeAllWaiting() -> [Element] {
    let elements = order[firstInOrder...].compactMap { waiting[$0] }
    waiting = [:]
    order = []
    firstInOrder = 0
    return elements
  }

  private mutating func startNext() -> Element? {
    guard running.count < limit else { return nil }
    while firstInOrder < order.count {
      let id = order[firstInOrder]
      firstInOrder += 1
      if firstInOrder == order.count || firstInOrder > 1024 {
        order.removeFirst(firstInOrder)
        firstInOrder = 0
      }
      if let element = waiting.removeValue(forKey: id) {
        running.insert(id)
        return element
      }
    }
    return nil
  }
}
