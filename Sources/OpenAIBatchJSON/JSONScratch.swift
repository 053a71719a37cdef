// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The memory that a thread keeps at hand for reading texts, which come by the million: a megabyte at most.
final class JSONScratch {
  /// What documents are made of.
  let blocks = SpareBlocks()
  // What a thread that only lets go of documents never needs: space for ``longestText`` bytes, and for their nodes.
  private var text: UnsafeMutablePointer<UInt8>?
  private var nodes: NodeBuffer?

  /// 256 KiB, a page of batches and more: longer texts are rare enough to allocate for each.
  private static let longestText = 256 << 10
  /// As many as most texts of that length have.
  private static let usualNodes = longestText / 12
  /// That of each thread.
  static let threads = ThreadLocal { JSONScratch() }

  deinit {
    blocks.deallocate()
    text?.deallocate()
    nodes?.deallocate()
  }

  /// Lends space for `count` bytes, whose contents are whatever they are. `body` must not read a text.
  func withBytes<Result>(_ count: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Result) -> Result {
    if count <= Self.longestText {
      let text = text ?? .allocate(capacity: Self.longestText)
      self.text = text
      return body(UnsafeMutableBufferPointer(start: text, count: count))
    }
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
    defer { bytes.deallocate() }
    return body(bytes)
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
    return threads.withCurrent { scratch in
      bytes.withUnsafeBufferPointer { bytes in
        if isPadded, let base = bytes.baseAddress { return scratch.scan(base, bytes, line) }
        return scratch.withBytes(bytes.count + JSONScanner.padding) { space in
          // A copy with zeros behind it.
          _ = space.update(fromContentsOf: bytes)
          space[bytes.count...].update(repeating: 0)
          return scratch.scan(space.baseAddress.unsafelyUnwrapped, bytes, line)
        }
      }
    }
  }

  /// The document of the line that `bytes` begin with; `nil` for a line that is not JSON. Its end is not looked for
  /// before, which would be another pass.
  ///
  /// - Parameter bytes: The whole line, its line feed, ``JSONScanner/padding`` more bytes, and whatever follows.
  /// - Returns: The document, without a carriage return at the end, and where in `bytes` the line feed stands.
  static func scanLine(_ bytes: ArraySlice<UInt8>, number: Int) -> (document: JSONDocument, lineFeed: Int)? {
    guard !bytes.isEmpty, bytes.count <= JSONScanner.maximumLength else { return nil }
    return threads.withCurrent { scratch in
      bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return nil }
        return scratch.withNodes { nodes in
          let scanner = JSONScanner(base: base, end: bytes.count, isLine: true)
          guard case .success(let end) = scanner.scan(into: &nodes) else { return nil }
          let length = end > 0 && base[end - 1] == 0x0D ? end - 1 : end
          let text = UnsafeBufferPointer(start: base, count: length)
          return (JSONDocument(nodes: nodes.all, text: text, line: number), end)
        }
      }
    }
  }

  private func scan(_ base: UnsafePointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>, _ line: Int?) -> (
    document: JSONDocument, fault: JSONScanner.Fault?
  ) {
    withNodes { nodes in
      var fault: JSONScanner.Fault?
      if case .failure(let found) = JSONScanner(base: base, end: text.count).scan(into: &nodes) {
        fault = found
      }
      return (JSONDocument(nodes: nodes.all, text: text, line: line), fault)
    }
  }

  @inline(__always)
  private func withNodes<Result>(_ body: (inout NodeBuffer) -> Result) -> Result {
    var nodes = nodes ?? NodeBuffer(capacity: Self.usualNodes)
    nodes.removeAll()
    defer {
      if nodes.capacity > Self.usualNodes {
        nodes.deallocate()
        self.nodes = nil
      } else {
        self.nodes = nodes
      }
    }
    return body(&nodes)
  }
}
