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
/// Behind the text stands a zero, or the end of its line, and as many more bytes as a step may look at. A zero is
/// nothing that JSON knows, and a line's end nothing that strings, numbers and words can have in them, so that every
/// step ends there without a look at the length: only the one over white space looks. The place in the text is handed
/// on by value, so that it stays in a register.
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
  /// As many bytes as one step looks at: that many must be there behind the text.
  static let padding = 32

  let base: UnsafePointer<UInt8>
  let end: Int
  /// Whether the text ends at the first line feed, which stands somewhere before the `end`, with ``padding`` bytes
  /// behind it: then no step goes beyond it. What is wrong with a line that is refused is to be learnt from the line
  /// alone.
  var isLine = false

  /// The distance to the first line feed, or `nil` when there is none.
  static func newline(in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress, let found = memchr(base, 0x0A, buffer.count) else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  /// Notes the values of the text, up to the fault if there is one.
  ///
  /// - Returns: Where the text ended, or the fault.
  func scan(into nodes: inout NodeBuffer) -> Result<Int, Fault> {
    var found = nodes
    defer { nodes = found }
    do throws(Fault) {
      return .success(try scan(&found))
    } catch {
      return .failure(error)
    }
  }

  @inline(__always)
  private func scan(_ nodes: inout NodeBuffer) throws(Fault) -> Int {
    // The containers around the current place are chained through their nodes: no stack of their own.
    var container = -1
    var isObject = false
    var depth = 0
    var index = 0

    skipWhitespace(&index)
    value: while true {
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
        if base[index] == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) { break }
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
        let byte = base[index]
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
      guard isLine ? base[index] == UInt8(ascii: "\n") : index == end else {
        throw Fault("expected the end of the text", index)
      }
      return index
    }
  }

  @inline(__always)
  private func scanKey(_ index: inout Int, _ nodes: inout NodeBuffer, of container: Int) throws(Fault) {
    let start = index
    guard base[index] == UInt8(ascii: "\"") else {
      throw Fault("expected a key in double quotes", index)
    }
    let flags = try scanString(&index)
    nodes.append(start: start, end: index, info: flags.rawValue)
    if flags.contains(.escaped) { nodes[container].info |= flags.rawValue }
    skipWhitespace(&index)
    guard base[index] == UInt8(ascii: ":") else { throw Fault("expected ':'", index) }
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
