// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Blocks of a source, read ahead of who wants them and transformed on whatever cores are free; handed over in order.
///
/// At most ``limit`` bytes of blocks are held; a longer block is held alone. The source stops when the last reference
/// goes.
final class ReadAhead<Output: Sendable, End: Sendable>: Sendable {
  /// 768 KiB.
  static var limit: Int { 768 << 10 }

  private let queue: BoundedQueue<Task<Output, Never>, End>
  private let source: Task<Void, Never>

  /// Starts reading.
  ///
  /// - Parameter read: Hands over each block's weight in bytes with the work on it, and stops when told `false`;
  ///   returns how the source ended.
  init(
    _ read: sending @escaping (_ hand: (Int, @escaping @Sendable () -> Output) async -> Bool) async -> End
  ) {
    let queue = BoundedQueue<Task<Output, Never>, End>(limit: Self.limit)
    self.queue = queue
    source = Task {
      let end = await read { weight, work in await queue.send(Task { work() }, weight: weight) }
      queue.finish(end)
    }
  }

  deinit { source.cancel() }

  /// The next block, or how the source ended. A task that is cancelled cancels the source.
  func next() async -> Result {
    let next = await withTaskCancellationHandler {
      await queue.receive()
    } onCancel: {
      source.cancel()
    }
    return switch next {
    case .element(let task): .block(await task.value)
    case .end(let end): .end(end)
    }
  }

  enum Result {
    case block(Output)
    case end(End)
  }
}
