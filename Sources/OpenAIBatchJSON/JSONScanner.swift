// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Walks JSON bytes once by RFC 8259: checks every byte, and notes where each value stands.
///
/// A scanner lives inside one `withUnsafeBufferPointer`; every read is preceded by a comparison with `end`. The
/// place in the text is handed on by value, so that it stays in a register.
struct JSONScanner {
  /// What is wrong, and at which byte.
  struct Fault: Error {
    let message: StaticString
    let offset: Int
  }

  /// Nesting deeper than this is refused, so that a hostile text cannot exhaust the stack of what reads it.
  static let maximumDepth = 512
  /// Longer texts do not fit the nodes' fields.
  static let maximumLength = Int(Int32.max)

  let base: UnsafePointer<UInt8>
  let end: Int

  /// The document of `text`, whole or up to the fault.
  static func scan(_ text: ArraySlice<UInt8>, line: Int? = nil) -> (document: JSONDocument, fault: Fault?) {
    text.withUnsafeBufferPointer { text in
      withUnsafeTemporaryAllocation(of: JSONNode.self, capacity: 256) { space in
        let (nodes, fault) = scan(text, into: NodeBuffer(space))
        defer { nodes.deallocate() }
        return (JSONDocument(nodes: nodes.all, text: text, line: line), fault)
      }
    }
  }

  private static func scan(_ text: UnsafeBufferPointer<UInt8>, into nodes: NodeBuffer) -> (NodeBuffer, Fault?)
  {
    guard let base = text.baseAddress, !text.isEmpty else {
      return (nodes, Fault("expected a value, found the end of the text", 0))
    }
    guard text.count <= maximumLength else { return (nodes, Fault("longer than 2 GiB", 0)) }
    return JSONScanner(base: base, end: text.count).scan(into: nodes)
  }

  /// The distance to the first line feed, or `nil` when there is none.
  static func newline(in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress, let found = memchr(base, 0x0A, buffer.count) else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  private func scan(into buffer: NodeBuffer) -> (NodeBuffer, Fault?) {
    var nodes = buffer
    do throws(Fault) {
      try scan(&nodes)
      return (nodes, nil)
    } catch {
      return (nodes, error)
    }
  }

  @inline(__always)
  private func scan(_ nodes: inout NodeBuffer) throws(Fault) {
    // The containers around the current place are chained through their nodes: no stack of their own.
    var container = -1
    var isObject = false
    var depth = 0
    var index = 0

    skipWhitespace(&index)
    value: while true {
      guard index < end else { throw Fault("expected a value, found the end of the text", index) }
      let start = index
      switch base[index] {
      case UInt8(ascii: "\""):
        let flags = try scanString(&index)
        nodes.append(start: start, end: index, info: flags.rawValue)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        guard depth <= Self.maximumDepth else { throw Fault("nested deeper than 512 levels", index) }
        nodes.append(start: start, end: 0, next: container)
        container = nodes.count - 1
        isObject = base[index] == UInt8(ascii: "{")
        index &+= 1
        skipWhitespace(&index)
        if index < end, base[index] == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) { break }
        if isObject { try scanKey(&index, &nodes, of: container) }
        continue value
      case UInt8(ascii: "t"):
        try expect("true", &index)
        nodes.append(start: start, end: index)
      case UInt8(ascii: "f"):
        try expect("false", &index)
        nodes.append(start: start, end: index)
      case UInt8(ascii: "n"):
        try expect("null", &index)
        nodes.append(start: start, end: index)
      default:
        let flags = try scanNumber(&index)
        nodes.append(start: start, end: index, info: flags.rawValue)
      }
      // Behind a value, or between the brackets of an empty container.
      while depth > 0 {
        skipWhitespace(&index)
        let byte = index < end ? base[index] : 0
        if byte == UInt8(ascii: ",") {
          index &+= 1
          skipWhitespace(&index)
          nodes[container].info &+= 4
          if isObject { try scanKey(&index, &nodes, of: container) }
          continue value
        }
        guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
          throw Fault(isObject ? "expected ',' or '}'" : "expected ',' or ']'", index)
        }
        index &+= 1
        container = nodes.close(container, end: index)
        depth -= 1
        isObject = depth > 0 && base[Int(nodes[container].start)] == UInt8(ascii: "{")
      }
      skipWhitespace(&index)
      guard index == end else { throw Fault("expected the end of the text", index) }
      return
    }
  }

  @inline(__always)
  private func scanKey(_ index: inout Int, _ nodes: inout NodeBuffer, of container: Int) throws(Fault) {
    let start = index
    guard index < end, base[index] == UInt8(ascii: "\"") else {
      throw Fault("expected a key in double quotes", index)
    }
    let flags = try scanString(&index)
    nodes.append(start: start, end: index, info: flags.rawValue)
    if !flags.isEmpty { nodes[container].info |= flags.rawValue }
    skipWhitespace(&index)
    guard index < end, base[index] == UInt8(ascii: ":") else { throw Fault("expected ':'", index) }
    index &+= 1
    skipWhitespace(&index)
  }
}

extension JSONScanner.Fault {
  @inline(__always)
  init(_ message: StaticString, _ offset: Int) {
    self.init(message: message, offset: offset)
  }
}
