// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// One value of a scanned text, or one key: 16 bytes.
///
/// The nodes of a text stand in its order: a container's node is followed by those of its children, and in an
/// object each key's node by those of its value. A step over a whole value is one look at ``next``.
@usableFromInline
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
    /// A string without escapes that has bytes above 0x7F.
    static let beyondASCII = Flags(rawValue: 2)
    /// A string with an escaped surrogate without its partner, or an object with a key with one.
    static let loneSurrogate = Flags(rawValue: 3)
    /// A number with a fraction or an exponent.
    static let fractional = Flags(rawValue: 1)
  }

  var flags: Flags { Flags(rawValue: info & 3) }
  var count: Int { Int(info >> 2) }
}

/// A scanned text: its bytes, and where in them each value stands.
///
/// Both lie in one block of memory that is written once, before anybody else sees it: values of the text share the
/// document, and keep nothing else alive.
@usableFromInline
final class JSONDocument {
  /// How many nodes there are: none only when the text holds no value.
  let nodeCount: Int
  /// The line of the file, for a line of JSON Lines.
  private let line: Int?
  private let length: Int
  private let block: MemoryBlock
  private let nodes: UnsafeMutablePointer<JSONNode>
  /// Behind the last node.
  private let text: UnsafeMutablePointer<UInt8>

  /// Takes nodes and text together.
  init(nodes: UnsafeBufferPointer<JSONNode>, text: UnsafeBufferPointer<UInt8>, line: Int?) {
    nodeCount = nodes.count
    length = text.count
    self.line = line
    let nodeSpace = nodes.count * MemoryLayout<JSONNode>.stride
    block = .take(length: nodeSpace + text.count + JSONName.reach)
    self.nodes = block.start.bindMemory(to: JSONNode.self, capacity: nodes.count)
    self.text = (block.start + nodeSpace).bindMemory(to: UInt8.self, capacity: text.count)
    if let first = nodes.baseAddress { self.nodes.initialize(from: first, count: nodes.count) }
    if let first = text.baseAddress { self.text.initialize(from: first, count: text.count) }
  }

  deinit { block.give() }

  /// A look at a node for what keeps the document alive.
  @usableFromInline
  func view(_ node: Int) -> JSONView { JSONView(nodes: nodes, text: text, node: node) }

  /// Reads a value while the document is kept alive. The view must not leave `body`.
  @inlinable
  func read<Result, Failure: Error>(
    _ node: Int, _ body: (JSONView) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withExtendedLifetime(self) { () throws(Failure) in try body(view(node)) }
  }

  private var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: text, count: length) }

  /// The first byte behind a place that is not white space.
  func token(behind place: Int) -> UInt8? {
    withExtendedLifetime(self) { bytes[place...].first { ![0x20, 0x0A, 0x0D, 0x09].contains($0) } }
  }

  /// A failure at a byte, with its line.
  func failure(_ message: String, at offset: Int, path: String = "") -> JSONFailure {
    JSONFailure(message, line: line ?? lineNumber(at: offset), offset: offset, path: path)
  }

  private func lineNumber(at offset: Int) -> Int {
    withExtendedLifetime(self) { bytes.prefix(offset).count { $0 == 0x0A } + 1 }
  }
}
