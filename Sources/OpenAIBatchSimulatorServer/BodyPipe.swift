// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
internal import OpenAIBatchTransport
internal import Synchronization

/// Hands a request's body from the connection to its reader, one piece at a time: the connection waits until the
/// reader asks, and so the client waits as well.
final class BodyPipe: RequestBodyReader {
  private let state = Mutex(State.idle)

  private enum State {
    /// Nobody waits.
    case idle
    /// The connection waits for the reader's first demand.
    case awaitingDemand(CheckedContinuation<Bool, Never>)
    /// The reader waits for a piece.
    case reading(CheckedContinuation<ArraySlice<UInt8>?, any Error>)
    /// The connection holds a piece, and waits for the reader to take it.
    case holding(ArraySlice<UInt8>, CheckedContinuation<Bool, Never>)
    /// All pieces are taken.
    case finished
    /// The connection broke before the body's end.
    case failed
    /// The reader wants no more.
    case closed
  }

  // MARK: The reader's side

  func next() async throws -> ArraySlice<UInt8>? {
    try await withCheckedThrowingContinuation { reader in
      let action: Action? = state.withLock { state in
        switch state {
        case .idle, .reading:
          state = .reading(reader)
          return nil
        case .awaitingDemand(let connection):
          state = .reading(reader)
          return .resumeConnection(connection, isWanted: true)
        case .holding(let bytes, let connection):
          state = .idle
          return .deliver(bytes, to: reader, connection)
        case .finished: return .deliver(nil, to: reader, nil)
        case .failed, .closed: return .fail(reader)
        }
      }
      action?.perform()
    }
  }

  /// The reader wants no more: the connection need not wait for it.
  func close() {
    let action: Action? = state.withLock { state in
      defer { state = .closed }
      switch state {
      case .awaitingDemand(let connection), .holding(_, let connection):
        return .resumeConnection(connection, isWanted: false)
      case .reading(let reader): return .fail(reader)
      case .idle, .finished, .failed, .closed: return nil
      }
    }
    action?.perform()
  }

  // MARK: The connection's side

  /// Waits until the reader asks for the first piece; returns false when it never will.
  func waitForDemand() async -> Bool {
    await withCheckedContinuation { connection in
      let action: Action? = state.withLock { state in
        switch state {
        case .idle:
          state = .awaitingDemand(connection)
          return nil
        case .reading: return .resumeConnection(connection, isWanted: true)
        default: return .resumeConnection(connection, isWanted: false)
        }
      }
      action?.perform()
    }
  }

  /// Hands over a piece and waits until it is taken; returns false when nobody wants it.
  func send(_ bytes: ArraySlice<UInt8>) async -> Bool {
    await withCheckedContinuation { connection in
      let action: Action? = state.withLock { state in
        switch state {
        case .idle:
          state = .holding(bytes, connection)
          return nil
        case .reading(let reader):
          state = .idle
          return .deliver(bytes, to: reader, connection)
        default: return .resumeConnection(connection, isWanted: false)
        }
      }
      action?.perform()
    }
  }

  /// The body is complete.
  func finish() { end(.finished) }

  /// The body breaks off.
  func fail() { end(.failed) }

  private func end(_ end: State) {
    let action: Action? = state.withLock { state in
      if case .closed = state { return nil }
      let waiting = state
      state = end
      guard case .reading(let reader) = waiting else { return nil }
      if case .finished = end { return .deliver(nil, to: reader, nil) }
      return .fail(reader)
    }
    action?.perform()
  }

  /// What to do once the lock is released.
  private enum Action {
    case deliver(
      ArraySlice<UInt8>?, to: CheckedContinuation<ArraySlice<UInt8>?, any Error>,
      CheckedContinuation<Bool, Never>?)
    case fail(CheckedContinuation<ArraySlice<UInt8>?, any Error>)
    case resumeConnection(CheckedContinuation<Bool, Never>, isWanted: Bool)

    func perform() {
      switch self {
      case .deliver(let bytes, let reader, let connection):
        reader.resume(returning: bytes)
        connection?.resume(returning: true)
      case .fail(let reader):
        reader.resume(
          throwing: TransportFailure(.body, "The client closed the connection before the end of its request.")
        )
      case .resumeConnection(let connection, let isWanted):
        connection.resume(returning: isWanted)
      }
    }
  }
}
#endif
