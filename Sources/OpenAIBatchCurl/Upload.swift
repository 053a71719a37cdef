// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// A streamed request body on its way from its source to the engine.
///
/// A task of its own pulls from the source, because the engine's thread must never wait.
final class Upload: Sendable {
  private typealias Waiter = CheckedContinuation<Void, Never>
  private struct State {
    var buffer = UploadBuffer<Waiter>()
    var feeder: Task<Void, Never>?
  }
  private let state = Mutex(State())

  /// Starts the task. It opens the source only after ``start()``; `signal` tells the engine that bytes, the end
  /// or a failure are there.
  func feed(from body: RequestBody, signal: @escaping @Sendable () -> Void) {
    let feeder = Task { await self.pull(from: body, signal: signal) }
    let isClosed = state.withLock { state in
      if case .closed = state.buffer.room() { return true }
      state.feeder = feeder
      return false
    }
    if isClosed { feeder.cancel() }
  }

  /// Lets the source begin: the request has its turn.
  func start() {
    state.withLock { $0.buffer.start() }?.resume()
  }

  /// Whether nobody wants the rest.
  var isClosed: Bool { state.withLock { if case .closed = $0.buffer.room() { true } else { false } } }

  /// Why the source failed, if it did.
  var failure: TransportFailure? { state.withLock { $0.buffer.failure } }

  enum Take {
    case bytes(ArraySlice<UInt8>)
    case starved, end
    case failed(TransportFailure)
  }

  /// The next bytes for the connection.
  func take() -> Take {
    switch state.withLock({ $0.buffer.take() }) {
    case .bytes(let bytes, let waiter):
      waiter?.resume()
      return .bytes(bytes)
    case .starved: return .starved
    case .end: return .end
    case .failed(let failure): return .failed(failure)
    }
  }

  /// Cancels the source: nobody wants the rest.
  func close() {
    let (waiter, feeder) = state.withLock { state in
      defer { state.feeder = nil }
      return (state.buffer.close(), state.feeder)
    }
    feeder?.cancel()
    waiter?.resume()
  }

  private func pull(from body: RequestBody, signal: @Sendable () -> Void) async {
    do throws(TransportFailure) {
      guard await waitForRoom() else { return }
      let reader = try await body.open()
      var sentCount: Int64 = 0
      var held: ArraySlice<UInt8>?
      while await waitForRoom() {
        let chunk = try await reader.next()
        // The last of the declared bytes go out only when the source has confirmed its end: a server must not
        // see a whole body that turns out to be the beginning of a longer one.
        if let last = held, push(last) { signal() }
        held = nil
        guard let chunk else {
          if finish(.success(())) { signal() }
          return
        }
        sentCount += Int64(chunk.count)
        if sentCount == body.length {
          held = chunk
        } else if push(chunk) {
          signal()
        }
      }
    } catch {
      if finish(.failure(error)) { signal() }
    }
  }

  /// Waits until the engine wants bytes; `false` when it wants no more.
  private func waitForRoom() async -> Bool {
    while true {
      switch state.withLock({ $0.buffer.room() }) {
      case .available: return true
      case .closed: return false
      case .wait:
        await withCheckedContinuation { waiter in
          state.withLock { $0.buffer.waitForRoom(waiter) }?.resume()
        }
      }
    }
  }

  private func push(_ chunk: ArraySlice<UInt8>) -> Bool {
    state.withLock { $0.buffer.push(chunk) }
  }

  private func finish(_ end: Result<Void, TransportFailure>) -> Bool {
    state.withLock { $0.buffer.finish(end) }
  }
}
