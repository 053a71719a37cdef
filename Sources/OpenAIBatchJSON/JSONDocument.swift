// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// One value of a scanned text, or one key: 16 bytes.
///
/// The nodes of a text stand in its order: a container's node is followed by those of its children, and in an
/// object each key's node by those of its value. A step over a whole value is one look at ``next``.
struct JSONNode: Sendable {
  /// The first byte.
  var start: UInt32
  /// The byte after the last one; 0 for a container whose end was not found.
  var end: UInt32
  /// The node after the last one of this value. While a container is being scanned: the container around it.
  var next: UInt32
  /// A container's number of children, above two bits of ``Flags``.
  var info: UInt32

  /// What the scanner saw on its way. The meaning depends on the kind of the value.
  struct Flags: OptionSet {
    let rawValue: UInt32
    /// A string with escapes, or an object with a key with escapes.
    static let escaped = Flags(rawValue: 1)
    /// A string with a lone surrogate, or an object with a key with one.
    static let loneSurrogate = Flags(rawValue: 2)
    /// A number with a fraction or an exponent.
    static let fractional = Flags(rawValue: 1)
  }

  var flags: Flags { Flags(rawValue: info & 3) }
  var count: Int { Int(info >> 2) }
}

/// A scanned text: its bytes, and where in them each value stands.
///
/// Both lie in one block of memory that is written once, before the document exists, and freed with it: values
/// of the text share the document, and keep nothing else alive.
final class JSONDocument: Sendable {
  nonisolated(unsafe) private let nodes: UnsafePointer<JSONNode>
  nonisolated(unsafe) private let text: UnsafePointer<UInt8>
  private let length: Int
  /// How many nodes there are: none only when the text holds no value.
  let nodeCount: Int
  /// The line of the file, for a line of JSON Lines.
  private let line: Int?

  /// Takes nodes and text together.
  init(nodes: UnsafeBufferPointer<JSONNode>, text: UnsafeBufferPointer<UInt8>, line: Int?) {
    let nodesLength = nodes.count * MemoryLayout<JSONNode>.stride
    let block = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(nodesLength + text.count, 1), alignment: MemoryLayout<JSONNode>.alignment)
    block.copyMemory(from: UnsafeRawBufferPointer(nodes))
    UnsafeMutableRawBufferPointer(rebasing: block[nodesLength...]).copyMemory(
      from: UnsafeRawBufferPointer(text))
    let base = UnsafeRawPointer(block.baseAddress.unsafelyUnwrapped)
    self.nodes = base.bindMemory(to: JSONNode.self, capacity: nodes.count)
    self.text = (base + nodesLength).bindMemory(to: UInt8.self, capacity: text.count)
    nodeCount = nodes.count
    length = text.count
    self.line = line
  }

  deinit { UnsafeMutableRawPointer(mutating: nodes).deallocate() }

  /// A look at a node for what keeps the document alive.
  func view(_ node: Int) -> JSONView { JSONView(nodes: nodes, text: text, node: node) }

  /// Reads a value while the document is kept alive. The view must not leave `body`.
  @inline(__always)
  func read<Result>(_ node: Int, _ body: (JSONView) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(view(node)) }
  }

  /// The first byte behind a place that is not white space.
  func token(behind place: Int) -> UInt8? {
    UnsafeBufferPointer(start: text, count: length)[place...].first {
      ![0x20, 0x0A, 0x0D, 0x09].contains($0)
    }
  }

  /// A failure at a byte, with its line.
  func failure(_ message: String, at offset: Int, path: String = "") -> JSONFailure {
    let before = UnsafeBufferPointer(start: text, count: min(offset, length))
    return JSONFailure(message, line: line ?? before.count { $0 == 0x0A } + 1, offset: offset, path: path)
  }
}
