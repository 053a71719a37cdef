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

/// Holds a source to the length it declared, so that a server never takes a cut body for a whole one.
final class LengthCheckedReader: RequestBodyReader {
  private let base: any RequestBodyReader
  private let length: Int64?
  private let delivered = Mutex<Int64>(0)

  init(_ base: any RequestBodyReader, length: Int64?) {
    self.base = base
    self.length = length
  }

  func next() async throws -> ArraySlice<UInt8>? {
    let chunk: ArraySlice<UInt8>?
    do {
      chunk = try await base.next()
    } catch let failure as TransportFailure {
      throw failure
    } catch {
      throw TransportFailure(.body, "The request body's source failed.", underlying: error)
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
