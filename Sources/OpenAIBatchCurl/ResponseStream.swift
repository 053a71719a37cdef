// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// The state of one response between the engine, which fills it, and the caller, who waits for its head and
/// then pulls its body.
///
/// A pure value: it performs nothing and returns what to do. The waiters are whatever the owner resumes.
struct ResponseStream<HeadWaiter, BodyWaiter> {
  /// The most unread bytes; the engine stops reading from the connection before there are more. A reader takes
  /// all of them at once. Together with the buffers in its hand, and those that are kept, there are at most four times
  /// as many; what libcurl has read and not handed over is another 256 KiB.
  static var highMark: Int { 448 << 10 }
  /// Where a buffer starts when the response is longer: behind a slow connection none has more in it.
  private static var firstCapacity: Int { 64 << 10 }

  enum End {
    case complete
    case failed(TransportFailure)
  }

  /// What the owner resumes, after it has let go of its lock.
  struct Delivery {
    var head: (waiter: HeadWaiter, result: Result<ResponseHead, TransportFailure>)?
    var body: (waiter: BodyWaiter, result: Result<ArraySlice<UInt8>?, TransportFailure>)?
    /// The engine stopped reading and may go on.
    var resumesReceiving = false
  }

  enum Pull {
    case result(Result<ArraySlice<UInt8>?, TransportFailure>, resumesReceiving: Bool)
    /// Nothing is there yet: come back with a waiter.
    case wait
  }

  private var head: ResponseHead?
  private var headWaiter: HeadWaiter?
  private var bodyWaiter: BodyWaiter?
  private var unread: [UInt8] = []
  /// Long buffers that the reader got.
  private var given = GivenBuffers(most: 3)
  /// Whether the last buffer was a long one, so that the next likely is.
  private var isFast = false
  private var end: End?
  private var isPaused = false

  init() {}

  /// Whether the engine is done with this response.
  var hasEnded: Bool { end != nil }

  /// Whether nobody has to wait for the head.
  var hasHead: Bool { head != nil || end != nil }

  // MARK: The engine's side

  mutating func receiveHead(_ head: ResponseHead) {
    self.head = head
  }

  /// Takes bytes; `false` when the reader is behind: the same bytes are to be offered again later.
  mutating func receive(_ bytes: Span<UInt8>, expectedLength: Int?) -> Bool {
    let needed = unread.count + bytes.count
    guard needed <= Self.highMark || unread.isEmpty else {
      isPaused = true
      return false
    }
    if unread.isEmpty, isFast {
      unread = given.takeOldest() ?? []
      unread.removeAll(keepingCapacity: true)
    }
    if unread.capacity < needed {
      let wished = unread.isEmpty ? min(expectedLength ?? 0, Self.firstCapacity) : unread.capacity * 4
      unread.reserveCapacity(max(needed, min(wished, Self.highMark)))
    }
    bytes.withUnsafeBufferPointer { unread.append(contentsOf: $0) }
    return true
  }

  /// Ends the response; only the first end counts.
  mutating func finish(_ end: End) {
    guard self.end == nil else { return }
    self.end = end
    given.removeAll()
    if case .failed(let failure) = end, failure.kind == .cancelled { unread = [] }
  }

  /// What is due after a turn of the engine: one delivery for all that the turn brought.
  mutating func deliver() -> Delivery {
    var delivery = Delivery()
    if let waiter = headWaiter {
      if case .failed(let failure) = end, head == nil || failure.kind == .cancelled {
        headWaiter = nil
        delivery.head = (waiter, .failure(failure))
      } else if let head {
        headWaiter = nil
        delivery.head = (waiter, .success(head))
      }
    }
    if let waiter = bodyWaiter, case .result(let result, let resumes) = pull() {
      bodyWaiter = nil
      delivery.body = (waiter, result)
      delivery.resumesReceiving = resumes
    }
    return delivery
  }

  // MARK: The caller's side

  mutating func waitForHead(_ waiter: HeadWaiter) -> Delivery {
    headWaiter = waiter
    return deliver()
  }

  /// The unread bytes, the end, or `wait`. Called by one reader at a time.
  mutating func next() -> Pull {
    guard bodyWaiter == nil else {
      return .result(.failure(.concurrentRead), resumesReceiving: false)
    }
    return pull()
  }

  mutating func waitForBody(_ waiter: BodyWaiter) -> Delivery {
    guard bodyWaiter == nil else {
      return Delivery(body: (waiter, .failure(.concurrentRead)))
    }
    bodyWaiter = waiter
    return deliver()
  }

  private mutating func keep(_ buffer: [UInt8]) {
    isFast = buffer.count > Self.firstCapacity
    if buffer.capacity >= 2 * Self.firstCapacity { given.keep(buffer) }
  }

  private mutating func pull() -> Pull {
    if !unread.isEmpty {
      let bytes = unread
      unread = []
      if end == nil { keep(bytes) }
      let resumes = isPaused && end == nil
      isPaused = false
      return .result(.success(bytes[...]), resumesReceiving: resumes)
    }
    switch end {
    case .complete: return .result(.success(nil), resumesReceiving: false)
    case .failed(let failure): return .result(.failure(failure), resumesReceiving: false)
    case nil: return .wait
    }
  }
}
