// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import NIOCore
internal import OpenAIBatchTransport
internal import Synchronization

/// A request body on its way from its source to AsyncHTTPClient.
final class Upload: Sendable {
  enum Event {
    /// The source has nothing yet, or has something again.
    case rests(Bool)
    /// The connection took bytes.
    case sent
    /// The source failed.
    case failed(TransportFailure)
  }

  private let source: RequestBody
  private let loop: any EventLoop

  private struct State {
    var reader: (LengthCheckedReader)?
    /// Opens the source, then reads it.
    var task: Task<Void, Never>?
    var isCancelled = false
    /// What AsyncHTTPClient waits for. Kept until its task has ended once nobody wants the rest: else it would take the
    /// early end of the body for a failure of the request, and drop the response.
    var promise: EventLoopPromise<Void>?
    /// Waits until the piece that was written last has gone out; `false` when it never will.
    var writer: CheckedContinuation<Bool, Never>?
  }
  private let state = Mutex(State())

  /// What is written at once: SwiftNIO holds a channel for full from here on.
  private static let pieceLength = 64 << 10

  init(_ source: RequestBody, loop: any EventLoop) {
    self.source = source
    self.loop = loop
  }

  /// Opens the source and calls `ready` on the event loop; not at all when the upload is cancelled first.
  func open(_ ready: @escaping @Sendable (Result<Void, TransportFailure>) -> Void) {
    guard needsReader else { return ready(.success(())) }
    start { [self] in
      let result: Result<Void, TransportFailure>
      do throws(TransportFailure) {
        let reader = try await openReader()
        state.withLock { $0.reader = reader }
        result = .success(())
      } catch {
        result = .failure(
          TransportFailure(
            error.kind, error.message, mayHaveReachedServer: false, underlying: error.underlying))
      }
      loop.execute { [self] in
        if !state.withLock({ $0.isCancelled }) { ready(result) }
      }
    }
  }

  private var needsReader: Bool {
    switch source.source {
    case .empty: false
    case .bytes(let bytes): bytes.count > Self.pieceLength
    case .file, .producer: true
    }
  }

  private func openReader() async throws(TransportFailure) -> LengthCheckedReader {
    let reader = try await source.open()
    // AsyncHTTPClient never asks for a body of no length, but the source must agree.
    if source.length == 0 { _ = try await reader.next() }
    return reader
  }

  /// The body for AsyncHTTPClient; on the event loop, after ``open(_:)``.
  func body(_ tell: @escaping @Sendable (Event) -> Void) -> HTTPClient.Body? {
    if case .bytes(let bytes) = source.source, !needsReader {
      return bytes.isEmpty ? nil : .byteBuffer(ByteBuffer(bytes: bytes))
    }
    guard source.length != 0, let reader = state.withLock({ $0.reader }) else { return nil }
    return .stream(contentLength: source.length) { [self] writer in
      let promise = loop.makePromise(of: Void.self)
      state.withLock { $0.promise = promise }
      start { [self] in
        do throws(TransportFailure) {
          let last = try await pump(reader, to: writer, tell)
          loop.execute { [self] in finish(last, to: writer) }
        } catch {
          // A source that was let go may well fail.
          if !state.withLock({ $0.isCancelled }) { tell(.failed(error)) }
        }
      }
      return promise.futureResult
    }
  }

  /// Lets the source go: nobody wants the rest. `true` when there is, or may be, a rest.
  @discardableResult
  func cancel() -> Bool {
    let (task, writer, isUnfinished) = state.withLock { state in
      defer {
        state.reader = nil
        state.writer = nil
      }
      state.isCancelled = true
      return (state.task, state.writer, state.promise != nil)
    }
    task?.cancel()
    writer?.resume(returning: false)
    return isUnfinished
  }

  /// A piece has gone out.
  func didSendPiece() {
    let writer = state.withLock { state in
      defer { state.writer = nil }
      return state.writer
    }
    writer?.resume(returning: true)
  }

  /// AsyncHTTPClient's task has ended.
  func release() {
    cancel()
    takePromise()?.succeed()
  }

  private func takePromise() -> EventLoopPromise<Void>? {
    state.withLock { state in
      defer { state.promise = nil }
      return state.promise
    }
  }

  private func start(_ work: @escaping @Sendable () async -> Void) {
    let task = Task { await work() }
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  // MARK: Reading and writing

  /// Sends all bytes, but for the last of those declared, which it returns: they go out only when the source has
  /// confirmed its end, because a server must not see a whole body that turns out to be the beginning of a longer one.
  private func pump(
    _ reader: LengthCheckedReader, to writer: HTTPClient.Body.StreamWriter,
    _ tell: @Sendable (Event) -> Void
  ) async throws(TransportFailure) -> ArraySlice<UInt8> {
    var count: Int64 = 0
    var held: ArraySlice<UInt8> = []
    while true {
      tell(.rests(true))
      let chunk = try await reader.next()
      tell(.rests(false))
      guard var rest = chunk else { return held }
      count += Int64(rest.count)
      while rest.count > Self.pieceLength || !rest.isEmpty && count != source.length {
        if await !write(rest.prefix(Self.pieceLength), to: writer, tell) { return [] }
        rest = rest.dropFirst(Self.pieceLength)
      }
      held = rest
    }
  }

  /// Sends a piece and waits until it has gone out; `false` when nobody wants more.
  ///
  /// The future that AsyncHTTPClient gives for each piece is no help: it never completes when the request fails while
  /// the connection is full. It does not matter either as long as the connection is never full when a piece is written,
  /// which one piece at a time sees to.
  private func write(
    _ piece: ArraySlice<UInt8>, to writer: HTTPClient.Body.StreamWriter, _ tell: @Sendable (Event) -> Void
  ) async -> Bool {
    let isSent = await withCheckedContinuation { continuation in
      loop.execute { [self] in
        let isWanted = state.withLock { state in
          if !state.isCancelled { state.writer = continuation }
          return !state.isCancelled
        }
        guard isWanted else { return continuation.resume(returning: false) }
        _ = writer.write(.byteBuffer(ByteBuffer(bytes: piece)))
      }
    }
    tell(.sent)
    return isSent
  }

  /// Sends the last piece and ends the body, in one turn of the event loop: a server may answer and close as soon as it
  /// has the declared bytes, which AsyncHTTPClient would else take for a connection that closed on an unfinished
  /// request.
  private func finish(_ last: ArraySlice<UInt8>, to writer: HTTPClient.Body.StreamWriter) {
    guard !state.withLock({ $0.isCancelled }) else { return }
    if !last.isEmpty { _ = writer.write(.byteBuffer(ByteBuffer(bytes: last))) }
    takePromise()?.succeed()
  }
}
#endif
