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
/// Both lie behind the object in one block of memory that is written once, before anybody else sees it: values of the
/// text share the document, and keep nothing else alive.
final class JSONDocument: ManagedBuffer<JSONDocument.Header, JSONNode> {
  struct Header {
    /// How many nodes there are: none only when the text holds no value.
    let nodeCount: Int
    let length: Int
    /// The line of the file, for a line of JSON Lines.
    let line: Int?
  }

  /// Takes nodes and text together: the text stands behind the last node.
  static func make(
    nodes: UnsafeBufferPointer<JSONNode>, text: UnsafeBufferPointer<UInt8>, line: Int?
  ) -> JSONDocument {
    let stride = MemoryLayout<JSONNode>.stride
    let buffer = create(minimumCapacity: nodes.count + (text.count + stride - 1) / stride) { _ in
      Header(nodeCount: nodes.count, length: text.count, line: line)
    }
    buffer.withUnsafeMutablePointerToElements { place in
      if let first = nodes.baseAddress { place.initialize(from: first, count: nodes.count) }
      if let first = text.baseAddress {
        UnsafeMutableRawPointer(place + nodes.count).copyMemory(from: first, byteCount: text.count)
      }
    }
    return unsafeDowncast(buffer, to: JSONDocument.self)
  }

  var nodeCount: Int { header.nodeCount }

  /// A look at a node for what keeps the document alive.
  @inline(__always)
  func view(_ node: Int) -> JSONView {
    withUnsafeMutablePointers { header, nodes in
      JSONView(nodes: nodes, text: Self.text(header, nodes), node: node)
    }
  }

  @inline(__always)
  private static func text(
    _ header: UnsafeMutablePointer<Header>, _ nodes: UnsafeMutablePointer<JSONNode>
  ) -> UnsafePointer<UInt8> {
    UnsafeRawPointer(nodes + header.pointee.nodeCount).assumingMemoryBound(to: UInt8.self)
  }

  /// Reads a value while the document is kept alive. The view must not leave `body`.
  @inline(__always)
  func read<Result, Failure: Error>(
    _ node: Int, _ body: (JSONView) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withExtendedLifetime(self) { () throws(Failure) in try body(view(node)) }
  }

  private func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    withUnsafeMutablePointers { header, nodes in
      body(UnsafeBufferPointer(start: Self.text(header, nodes), count: header.pointee.length))
    }
  }

  /// The first byte behind a place that is not white space.
  func token(behind place: Int) -> UInt8? {
    withText { $0[place...].first { ![0x20, 0x0A, 0x0D, 0x09].contains($0) } }
  }

  /// A failure at a byte, with its line.
  func failure(_ message: String, at offset: Int, path: String = "") -> JSONFailure {
    let line = header.line ?? withText { $0.prefix(offset).count { $0 == 0x0A } + 1 }
    return JSONFailure(message, line: line, offset: offset, path: path)
  }
}
