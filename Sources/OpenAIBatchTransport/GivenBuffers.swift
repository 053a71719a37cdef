// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Buffers whose contents were handed out, to be filled again. New ones would be new pages of memory each time, which
/// cost more than what is copied into them.
///
/// An array that somebody still has is never written to: changing it makes another one, as of any array.
package struct GivenBuffers: Sendable {
  /// The oldest first.
  private var buffers: [[UInt8]] = []
  private let most: Int

  /// Keeps no buffer yet, and never more than `most`.
  package init(most: Int) {
    self.most = most
  }

  /// The buffer that was handed out longest ago; `nil` before there are as many as may be.
  package mutating func takeOldest() -> [UInt8]? {
    buffers.count == most ? buffers.removeFirst() : nil
  }

  /// Keeps a buffer that is handed out, in place of the oldest when there are too many.
  package mutating func keep(_ buffer: [UInt8]) {
    if buffers.count == most { buffers.removeFirst() }
    buffers.append(buffer)
  }

  /// Lets go of all.
  package mutating func removeAll() { buffers = [] }
}
