// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// The same bytes a number of times.
final class Pieces: RequestBodyReader {
  private let piece: [UInt8]
  private let left: Mutex<Int>

  init(_ count: Int, of piece: [UInt8]) {
    self.piece = piece
    left = Mutex(count)
  }

  func next() -> ArraySlice<UInt8>? {
    left.withLock { left in
      guard left > 0 else { return nil }
      left -= 1
      return piece[...]
    }
  }
}
