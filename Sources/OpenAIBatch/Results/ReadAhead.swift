// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How much is read ahead.
enum ReadAheadSize {
  private static let cores = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
  /// The bytes of one block: the larger, the fewer switches of tasks; 768 KiB for all cores, but 64 KiB for each.
  static let block = max(64 << 10, min((768 << 10) / cores, 512 << 10))
  /// The bytes of blocks that wait: one block for each core but that of the reader, and no more: it would only take the
  /// processor from the reader. A block may be longer than it should by a line.
  static let limit = (cores - 1) * block + block / 2
}

/// Blocks of a source, read ahead of who wants them and transformed on whatever cores are free; handed over in order.
///
/// At most ``ReadAheadSize/limit`` bytes of blocks wait, a longer block alone, and the one that comes next is worked on
/// already. The source stops when the last reference goes.
final class ReadAhead<Output: Sendable, End: Sendable>: Sendable {
  private let queue: BoundedQueue<Task<Output, Never>, End>
  private let source: Task<Void, Never>

  /// Starts reading.
  ///
  /// - Parameter read: Hands over each block's weight in bytes with the work on it, and stops when told `false`;
  ///   returns how the source ended.
  init(
    _ read: sending @escaping (_ hand: (Int, @escaping @Sendable () -> Output) async -> Bool) async -> End
  ) {
    let queue = BoundedQueue<Task<Output, Never>, End>(limit: ReadAheadSize.limit)
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
