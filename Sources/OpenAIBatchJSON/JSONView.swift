// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A look at a value of a scanned text, without a share in the text's life: valid only inside of the closure that
/// got it. For code that reads some values of each of millions of texts.
@usableFromInline
package struct JSONView {
  let nodes: UnsafePointer<JSONNode>
  let text: UnsafePointer<UInt8>
  let node: Int

  @inline(__always)
  init(nodes: UnsafePointer<JSONNode>, text: UnsafePointer<UInt8>, node: Int) {
    self.nodes = nodes
    self.text = text
    self.node = node
  }

  @inline(__always)
  func at(_ node: Int) -> JSONView { JSONView(nodes: nodes, text: text, node: node) }

  @inline(__always)
  var raw: JSONNode { nodes[node] }

  /// The first byte, which tells the kind.
  @inline(__always)
  var firstByte: UInt8 { text[Int(nodes[node].start)] }

  /// What the value is.
  package var kind: JSONValue.Kind {
    switch firstByte {
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
    case UInt8(ascii: "n"): .null
    default: .number
    }
  }
}

// MARK: Containers

extension JSONView {
  /// The first member called `key`, or `nil` when this is not an object or has none.
  package subscript(key: StaticString) -> JSONView? {
    memberKey(key.utf8Bytes).map { at($0 &+ 1) }
  }

  /// The first member called `name`, or `nil` when this is not an object or has none.
  package func member(named name: String) -> JSONView? {
    memberKey(name).map { at($0 &+ 1) }
  }

  /// The node of the key of the first member called `name`.
  ///
  /// - Parameter first: The first key of some name, to look at before all others.
  func memberKey(_ name: String, first: Int? = nil) -> Int? {
    var name = name
    return name.withUTF8 { name in
      if let first, at(first).jsonString.equals(name) { return first }
      return memberKey(name)
    }
  }

  @inline(__always)
  func memberKey(_ name: UnsafeBufferPointer<UInt8>) -> Int? {
    guard firstByte == UInt8(ascii: "{") else { return nil }
    // Keys with escapes are compared by their meaning.
    guard !raw.flags.contains(.escaped) else { return keys.first { $0.jsonString.equals(name) }?.node }
    let wanted = JSONName(name)
    var key = node &+ 1
    let end = Int(raw.next)
    while key < end {
      let found = nodes[key]
      if found.end &- found.start == wanted.literalLength, wanted.isAt(text + (Int(found.start) &+ 1)) {
        return key
      }
      key = Int(nodes[key &+ 1].next)
    }
    return nil
  }

  /// The element at `index`, or `nil` when this is not an array or is shorter.
  package subscript(index: Int) -> JSONView? {
    guard firstByte == UInt8(ascii: "["), 0..<raw.count ~= index else { return nil }
    var element = node + 1
    for _ in 0..<index { element = Int(nodes[element].next) }
    return at(element)
  }

  /// How many members or elements there are; 0 when this is neither an object nor an array.
  package var count: Int { kind == .object || kind == .array ? raw.count : 0 }

  /// All elements in order; none when this is not an array.
  package var elements: Children { Children(of: self, isObject: false) }

  /// The keys of all members in order, each at its own node before that of the value.
  var keys: Children { Children(of: self, isObject: true) }

  /// Steps from child to child over all that is inside of them.
  package struct Children: Sequence, IteratorProtocol {
    private var child: JSONView
    private let end: Int
    private let isObject: Bool

    fileprivate init(of container: JSONView, isObject: Bool) {
      child = container.at(container.node + 1)
      end = container.firstByte == UInt8(ascii: isObject ? "{" : "[") ? Int(container.raw.next) : 0
      self.isObject = isObject
    }

    /// The next child.
    package mutating func next() -> JSONView? {
      guard child.node < end else { return nil }
      defer { child = child.at(Int(child.at(isObject ? child.node + 1 : child.node).raw.next)) }
      return child
    }
  }
}

// MARK: Scalars

extension JSONView {
  /// The value's bytes, quotes included.
  var content: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: text + Int(raw.start), count: Int(raw.end - raw.start))
  }

  /// The literal of a string or a key.
  var jsonString: JSONString {
    JSONString(
      content: UnsafeBufferPointer(start: text + Int(raw.start) + 1, count: Int(raw.end - raw.start) - 2),
      flags: raw.flags)
  }

  /// The digits of a number.
  var jsonNumber: JSONNumber { JSONNumber(digits: content, isFractional: raw.flags.contains(.fractional)) }

  var isNumber: Bool { firstByte == UInt8(ascii: "-") || firstByte &- 0x30 < 10 }

  /// The text of a string; `nil` for another value.
  package var string: String? { firstByte == UInt8(ascii: "\"") ? jsonString.text : nil }

  /// Whether this is the string `text`.
  package func isString(_ text: String) -> Bool {
    guard firstByte == UInt8(ascii: "\"") else { return false }
    var text = text
    return text.withUTF8(jsonString.equals)
  }

  /// A number that is an integer and fits; `nil` for another value.
  package var int: Int? { isNumber ? jsonNumber.integer() : nil }

  /// A number that is whole in any spelling, such as `200.0`, and fits; `nil` for another value.
  package var wholeInt: Int? { isNumber ? jsonNumber.wholeInteger() : nil }

  /// A number as the nearest `Double`; `nil` for another value, and for one too large for a `Double`.
  package var double: Double? { isNumber ? jsonNumber.double : nil }

  /// A scalar's text: of a string its meaning, of another scalar how it is written; `nil` for containers and null.
  package var scalarText: String? {
    switch kind {
    case .string: jsonString.text
    case .number, .boolean: String(decoding: content, as: UTF8.self)
    case .object, .array, .null: nil
    }
  }

  /// Whether this is a string with a surrogate without its partner.
  package var hasLoneSurrogate: Bool {
    firstByte == UInt8(ascii: "\"") && raw.flags.contains(.loneSurrogate)
  }

  /// `true` or `false`; `nil` for another value.
  package var bool: Bool? {
    switch firstByte {
    case UInt8(ascii: "t"): true
    case UInt8(ascii: "f"): false
    default: nil
    }
  }

  /// Whether this is `null`.
  package var isNull: Bool { firstByte == UInt8(ascii: "n") }

  /// The numbers of an array of nothing but numbers.
  func numbers<Number>(_ read: (JSONNumber) -> Number?) -> [Number]? {
    guard firstByte == UInt8(ascii: "["), Int(raw.next) - node - 1 == raw.count else { return nil }
    var numbers: [Number] = []
    numbers.reserveCapacity(raw.count)
    for element in elements {
      guard element.isNumber, let number = read(element.jsonNumber) else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}

extension StaticString {
  @inline(__always)
  var utf8Bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
  }
}
