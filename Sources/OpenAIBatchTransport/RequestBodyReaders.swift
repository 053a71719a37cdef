// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// Bytes in memory, in pieces that a transport can pass on without holding a second copy of the whole.
package final class ChunkReader: RequestBodyReader {
  private let rest: Mutex<ArraySlice<UInt8>>
  private static let pieceLength = 256 << 10

  /// Starts at the first of `bytes`.
  package init(_ bytes: ArraySlice<UInt8>) {
    rest = Mutex(bytes)
  }

  package func next() -> ArraySlice<UInt8>? {
    rest.withLock { rest in
      guard !rest.isEmpty else { return nil }
      let piece = rest.prefix(Self.pieceLength)
      rest = rest.dropFirst(piece.count)
      return piece
    }
  }
}

/// Reads a request body's source for a transport, and holds it to the length that it declared: a server must never
/// take a cut body for a whole one.
public final class LengthCheckedReader: RequestBodyReader {
  private let base: any RequestBodyReader
  private let length: Int64?
  private let delivered = Mutex<Int64>(0)

  init(_ base: any RequestBodyReader, length: Int64?) {
    self.base = base
    self.length = length
  }

  /// The next bytes, never empty, whatever the source gives; `nil` at the end.
  ///
  /// - Throws: ``TransportFailure`` of kind `body`: the source failed, with its own error as the cause, or gave more or
  ///   fewer bytes than it declared.
  public func next() async throws(TransportFailure) -> ArraySlice<UInt8>? {
    var chunk: ArraySlice<UInt8>?
    do {
      repeat { chunk = try await base.next() } while chunk?.isEmpty == true
    } catch {
      throw TransportFailure(ofSource: error, "The request body's source failed.", mayHaveReachedServer: true)
    }
    let count = delivered.withLock { delivered in
      delivered += Int64(chunk?.count ?? 0)
      return delivered
    }
    guard let length else { return chunk }
    if count > length {
      throw TransportFailure(.body, "The request body gave more than its declared \(length) bytes.")
    }
    if chunk == nil, count < length {
      throw TransportFailure(.body, "The request body ended after \(count) of its declared \(length) bytes.")
    }
    return chunk
  }
}

extension TransportFailure {
  /// What a source's error means for the request that has its bytes: the kind `body`, whatever the source threw. What
  /// a producer says of a call of its own is no news of this one.
  init(ofSource error: any Error, _ message: String, mayHaveReachedServer: Bool) {
    // A body inside of another one has said it already.
    if let inner = error as? TransportFailure, inner.kind == .body {
      self.init(
        .body, inner.message, mayHaveReachedServer: mayHaveReachedServer, underlying: inner.underlying)
    } else {
      self.init(.body, message, mayHaveReachedServer: mayHaveReachedServer, underlying: error)
    }
  }
}
