// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// The state of one streamed request body between its source, which fills it, and the engine, which sends it.
///
/// A pure value: it performs nothing and returns what to do. The waiter is whatever the owner resumes.
struct UploadBuffer<Waiter> {
  /// At this many unsent bytes the source is not asked for more.
  static var highMark: Int { 1 << 20 }
  /// Below this many unsent bytes it is asked again.
  static var lowMark: Int { 256 << 10 }
  /// Small pieces are joined up to this length: an array for each byte would take a hundred times its memory.
  private static var pieceLength: Int { 16 << 10 }

  enum Room {
    /// The source may give its next bytes.
    case available
    /// Nobody wants the rest.
    case closed
    /// Come back with a waiter.
    case wait
  }

  enum Take {
    case bytes(ArraySlice<UInt8>, resume: Waiter?)
    /// Nothing is there yet; the engine is signalled when there is.
    case starved
    case end
    case failed(TransportFailure)
  }

  private var chunks: [ArraySlice<UInt8>] = []
  private var firstChunk = 0
  private var unsentCount = 0
  private var end: Result<Void, TransportFailure>?
  private var waiter: Waiter?
  private var isStarted = false
  private var isClosed = false
  private var isFull = false
  // The engine begins a request when its body's first bytes are there.
  private var isStarved = true

  init() {}

  // MARK: The source's side

  mutating func room() -> Room {
    if isClosed { return .closed }
    return isStarted && !isFull ? .available : .wait
  }

  /// Keeps the waiter, unless there is room already: then it is to be resumed.
  mutating func waitForRoom(_ waiter: Waiter) -> Waiter? {
    guard case .wait = room() else { return waiter }
    self.waiter = waiter
    return nil
  }

  /// Adds bytes; `true` when the engine waits for them.
  mutating func push(_ chunk: ArraySlice<UInt8>) -> Bool {
    guard !isClosed, !chunk.isEmpty else { return false }
    if let last = chunks.indices.last, last >= firstChunk,
      chunks[last].count + chunk.count <= Self.pieceLength
    {
      chunks[last] += chunk
    } else {
      chunks.append(chunk)
    }
    unsentCount += chunk.count
    isFull = unsentCount >= Self.highMark
    return signal()
  }

  /// Ends the body; `true` when the engine waits for that.
  mutating func finish(_ end: Result<Void, TransportFailure>) -> Bool {
    guard !isClosed, self.end == nil else { return false }
    self.end = end
    return signal()
  }

  private mutating func signal() -> Bool {
    defer { isStarved = false }
    return isStarved
  }

  // MARK: The engine's side

  /// Lets the source begin.
  mutating func start() -> Waiter? {
    isStarted = true
    return takeWaiter()
  }

  var failure: TransportFailure? {
    if case .failure(let failure) = end { failure } else { nil }
  }

  /// The next bytes. A failure comes before the bytes that are left: they would be sent in vain.
  mutating func take() -> Take {
    if let failure { return .failed(failure) }
    guard firstChunk < chunks.count else {
      if end != nil { return .end }
      isStarved = true
      return .starved
    }
    let chunk = chunks[firstChunk]
    chunks[firstChunk] = []
    firstChunk += 1
    if firstChunk == chunks.count {
      chunks.removeAll(keepingCapacity: true)
      firstChunk = 0
    }
    unsentCount -= chunk.count
    guard isFull, unsentCount < Self.lowMark else { return .bytes(chunk, resume: nil) }
    isFull = false
    return .bytes(chunk, resume: takeWaiter())
  }

  /// The transfer is over: drops what is left and sends the source home.
  mutating func close() -> Waiter? {
    isClosed = true
    chunks = []
    return takeWaiter()
  }

  private mutating func takeWaiter() -> Waiter? {
    defer { waiter = nil }
    return waiter
  }
}
