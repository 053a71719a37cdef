// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// The space that scanning a text needs for its time: a copy of the text with zeros behind it, and nodes.
///
/// Texts come by the million, so a few are kept for the next one.
final class JSONScratch: Sendable {
  // Only whoever took it from `spare` touches it.
  nonisolated(unsafe) private let text: UnsafeMutablePointer<UInt8>
  nonisolated(unsafe) private var nodes: NodeBuffer

  private static let spare = Mutex<[JSONScratch]>([])
  /// More threads than these allocate for each text.
  private static let mostSpare = 16
  /// 256 KiB, a page of batches and more: longer texts are rare enough to allocate for each.
  private static let longestText = 256 << 10

  private init(capacity: Int) {
    text = .allocate(capacity: capacity)
    nodes = NodeBuffer(capacity: min(capacity, Self.longestText) / 12)
  }

  deinit {
    text.deallocate()
    nodes.deallocate()
  }

  /// The document of `bytes`, whole or up to the fault.
  ///
  /// - Parameter isPadded: Whether a line's end and ``JSONScanner/padding`` more bytes stand behind `bytes`.
  static func scan(_ bytes: ArraySlice<UInt8>, line: Int?, isPadded: Bool = false) -> (
    document: JSONDocument, fault: JSONScanner.Fault?
  ) {
    guard bytes.count <= JSONScanner.maximumLength else {
      return (
        JSONDocument(nodes: .init(start: nil, count: 0), text: .init(start: nil, count: 0), line: line),
        JSONScanner.Fault("longer than 2 GiB", 0)
      )
    }
    let needed = bytes.count + JSONScanner.padding
    guard needed <= longestText else { return JSONScratch(capacity: needed).scan(bytes, line, isPadded) }
    let scratch = spare.withLock { $0.popLast() } ?? JSONScratch(capacity: longestText)
    defer {
      spare.withLock { spare in
        // One with many more nodes than texts of that length have would be a waste to keep.
        if spare.count < mostSpare, scratch.nodes.capacity <= longestText / 8 { spare.append(scratch) }
      }
    }
    return scratch.scan(bytes, line, isPadded)
  }

  private func scan(_ bytes: ArraySlice<UInt8>, _ line: Int?, _ isPadded: Bool) -> (
    document: JSONDocument, fault: JSONScanner.Fault?
  ) {
    bytes.withUnsafeBufferPointer { bytes in
      nodes.removeAll()
      let base = isPadded ? bytes.baseAddress ?? padded(bytes) : padded(bytes)
      let fault = JSONScanner(base: base, end: bytes.count).scan(into: &nodes)
      return (JSONDocument(nodes: nodes.all, text: bytes, line: line), fault)
    }
  }

  /// A copy with zeros behind it.
  private func padded(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafePointer<UInt8> {
    if let first = bytes.baseAddress { text.update(from: first, count: bytes.count) }
    (text + bytes.count).update(repeating: 0, count: JSONScanner.padding)
    return UnsafePointer(text)
  }
}
