// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// A request body whose pieces come from a function.
package final class PieceReader: RequestBodyReader {
  private let make: @Sendable () async throws -> ArraySlice<UInt8>?

  package init(_ make: @escaping @Sendable () async throws -> ArraySlice<UInt8>?) {
    self.make = make
  }

  /// `count` times the same piece, then the end, or `failure`.
  package convenience init(
    _ count: Int, of piece: [UInt8], failure: (any Error)? = nil, onPiece: @escaping @Sendable () -> Void = {}
  ) {
    let left = Mutex(count)
    self.init {
      let isLeft = left.withLock { left in
        defer { left = max(left - 1, 0) }
        return left > 0
      }
      if isLeft {
        onPiece()
        return piece[...]
      }
      if let failure { throw failure }
      return nil
    }
  }

  package func next() async throws -> ArraySlice<UInt8>? { try await make() }
}

/// Endless content that is checked without being kept, cut anywhere.
package struct Pattern: Sendable {
  /// One period of it: 1 MiB in which no two lines are alike.
  package static let block = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

  /// How many bytes were compared.
  package private(set) var count = 0
  /// Whether all of them were as they should be.
  package private(set) var isIntact = true

  package init() {}

  /// Compares the next bytes.
  package mutating func compare(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while !rest.isEmpty {
      let start = count % Self.block.count
      let part = rest.prefix(Self.block.count - start)
      isIntact = isIntact && part.isSame(as: Self.block[start..<start + part.count])
      count += part.count
      rest = rest.dropFirst(part.count)
    }
  }
}
