// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import NIOCore
internal import OpenAIBatchTransport

/// The state of one response between the connection, which fills it, and the caller, who waits for its head and then
/// pulls its body.
///
/// A pure value: it performs nothing and returns what to do. The waiters are whatever the owner resumes; a permit is
/// what lets the connection read on.
struct ResponseStream<HeadWaiter, BodyWaiter, Permit> {
  /// With this many unread bytes the connection gets no further permit. A reader takes all of them at once, so that
  /// with what one turn of the connection brings and what the reader has in its hand about twice as many are held.
  static var highMark: Int { 512 << 10 }

  enum End {
    case complete
    case failed(TransportFailure)
  }

  /// What the owner resumes, after it has let go of its lock.
  struct Delivery {
    var head: (waiter: HeadWaiter, result: Result<HTTPResponse, TransportFailure>)?
    var body: (waiter: BodyWaiter, result: Result<ArraySlice<UInt8>?, TransportFailure>)?
    var permit: Permit?
  }

  private var head: HTTPResponse?
  private var headWaiter: HeadWaiter?
  private var bodyWaiter: BodyWaiter?
  private var unread: [UInt8] = []
  private var permit: Permit?
  private var end: End?

  init() {}

  /// Whether the connection is done with this response.
  var hasEnded: Bool { end != nil }
  /// Whether the head arrived.
  var hasHead: Bool { head != nil }
  /// Whether the connection waits for the reader.
  var isPaused: Bool { permit != nil }

  // MARK: The connection's side

  mutating func receiveHead(_ head: HTTPResponse) -> Delivery {
    guard end == nil else { return Delivery() }
    self.head = head
    return deliver()
  }

  /// Takes bytes. When they are many, it keeps the permit that `makePermit` gives until they are read.
  mutating func receive(_ bytes: ByteBufferView, makePermit: () -> Permit) -> Delivery {
    guard end == nil else { return Delivery() }
    unread.append(contentsOf: bytes)
    if bodyWaiter == nil, unread.count >= Self.highMark { permit = makePermit() }
    return deliver()
  }

  /// Ends the response; only the first end counts. `nil` for any other.
  mutating func finish(_ end: End) -> Delivery? {
    guard self.end == nil else { return nil }
    self.end = end
    if case .failed(let failure) = end, failure.kind == .cancelled { unread = [] }
    var delivery = deliver()
    delivery.permit = delivery.permit ?? permit
    permit = nil
    return delivery
  }

  // MARK: The caller's side

  mutating func waitForHead(_ waiter: HeadWaiter) -> Delivery {
    headWaiter = waiter
    return deliver()
  }

  /// The unread bytes, the end, or `nil`: come back with a waiter. Called by one reader at a time.
  mutating func next() -> (result: Result<ArraySlice<UInt8>?, TransportFailure>, permit: Permit?)? {
    bodyWaiter == nil ? pull() : (.failure(.concurrentRead), nil)
  }

  mutating func waitForBody(_ waiter: BodyWaiter) -> Delivery {
    guard bodyWaiter == nil else { return Delivery(body: (waiter, .failure(.concurrentRead))) }
    bodyWaiter = waiter
    return deliver()
  }

  private mutating func deliver() -> Delivery {
    var delivery = Delivery()
    if let waiter = headWaiter {
      if let head {
        delivery.head = (waiter, .success(head))
        headWaiter = nil
      } else if case .failed(let failure) = end {
        delivery.head = (waiter, .failure(failure))
        headWaiter = nil
      }
    }
    if let waiter = bodyWaiter, let (result, permit) = pull() {
      bodyWaiter = nil
      delivery.body = (waiter, result)
      delivery.permit = permit
    }
    return delivery
  }

  private mutating func pull() -> (result: Result<ArraySlice<UInt8>?, TransportFailure>, permit: Permit?)? {
    if !unread.isEmpty {
      defer {
        unread = []
        permit = nil
      }
      return (.success(unread[...]), permit)
    }
    switch end {
    case .complete: return (.success(nil), nil)
    case .failed(let failure): return (.failure(failure), nil)
    case nil: return nil
    }
  }
}
#endif
