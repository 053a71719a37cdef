// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// A queue between a task that sends and one that receives, bounded by the weight of what is in it.
final class BoundedQueue<Element: Sendable, End: Sendable>: Sendable {
  /// What the receiver gets.
  enum Item: Sendable {
    case element(Element)
    /// The sender is done; all elements have been received.
    case end(End)
  }

  private typealias Waiter = CheckedContinuation<Void, Never>

  private struct State {
    var elements: [(element: Element, weight: Int)] = []
    var weight = 0
    var end: End?
    var sender: Waiter?
    var receiver: Waiter?

    func hasRoom(for weight: Int, limit: Int) -> Bool { elements.isEmpty || self.weight + weight <= limit }

    /// The first item, once there is one.
    mutating func take() -> Item? {
      guard !elements.isEmpty else { return end.map(Item.end) }
      let (element, weight) = elements.removeFirst()
      self.weight -= weight
      return .element(element)
    }
  }

  private let state = Mutex(State())
  private let limit: Int

  /// Creates a queue.
  ///
  /// - Parameter limit: What is in it weighs at most this much; a heavier element is in it alone.
  init(limit: Int) { self.limit = limit }

  /// Adds an element as soon as there is room.
  ///
  /// - Returns: Whether it was added; not when the task is cancelled before.
  func send(_ element: Element, weight: Int) async -> Bool {
    while !Task.isCancelled {
      let (isSent, receiver) = state.withLock { state in
        guard state.hasRoom(for: weight, limit: limit) else { return (false, nil as Waiter?) }
        state.elements.append((element, weight))
        state.weight += weight
        return (true, state.receiver.take())
      }
      receiver?.resume()
      if isSent { return true }
      await waitForRoom(weight)
    }
    return false
  }

  /// Says that nothing follows.
  func finish(_ end: End) {
    state.withLock { state in
      state.end = end
      return state.receiver.take()
    }?.resume()
  }

  /// Takes the first element as soon as there is one.
  func receive() async -> Item {
    while true {
      let (item, sender) = state.withLock { state in (state.take(), state.sender.take()) }
      sender?.resume()
      if let item { return item }
      await waitForItem()
    }
  }

  private func waitForRoom(_ weight: Int) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          guard !state.hasRoom(for: weight, limit: limit), !Task.isCancelled else { return true }
          state.sender = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.sender.take() }?.resume()
    }
  }

  private func waitForItem() async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        guard state.elements.isEmpty, state.end == nil else { return true }
        state.receiver = continuation
        return false
      }
      if isReady { continuation.resume() }
    }
  }
}
