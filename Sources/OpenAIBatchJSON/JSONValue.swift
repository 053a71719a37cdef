// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A value inside a JSON text: the whole text is read once, and values are made of it only when asked for.
///
/// Reading checks every byte against RFC 8259 and UTF-8, and notes where each value stands. All values of a text
/// share one copy of it.
///
/// Beyond the grammar, nesting deeper than 512 levels and texts over 2 GiB are refused. A byte order mark is not
/// JSON. An escaped surrogate without its partner is taken, as the grammar does, and reads as U+FFFD: models'
/// texts are cut in the middle of a character, and an answer must not be lost for that. Of members with one
/// name the first counts.
public struct JSONValue: Sendable, CustomStringConvertible {
  /// Nothing in it changes.
  @usableFromInline nonisolated(unsafe) let document: JSONDocument
  @usableFromInline let node: Int

  init(_ document: JSONDocument, _ node: Int) {
    self.document = document
    self.node = node
  }

  /// Validates `bytes` as one JSON text.
  ///
  /// - Throws: ``JSONFailure`` with line, byte and what was expected there.
  public init(parsing bytes: ArraySlice<UInt8>) throws(JSONFailure) {
    try self.init(parsing: bytes, line: nil)
  }

  /// Validates `bytes` as one JSON text.
  ///
  /// - Throws: ``JSONFailure`` with line, byte and what was expected there.
  public init(parsing bytes: [UInt8]) throws(JSONFailure) {
    try self.init(parsing: bytes[...])
  }

  init(parsing bytes: ArraySlice<UInt8>, line: Int?, isPadded: Bool = false) throws(JSONFailure) {
    let (document, fault) = JSONScratch.scan(bytes, line: line, isPadded: isPadded)
    if let fault { throw document.failure("\(fault.message)", at: fault.offset) }
    self.init(document, 0)
  }

  /// Reads several values at once. The view must not leave `body`.
  @inlinable
  package func read<Result, Failure: Error>(_ body: (JSONView) throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    try document.read(node, body)
  }

  /// A value that was found by a view.
  package func value(_ view: JSONView) -> JSONValue { JSONValue(document, view.node) }

  /// The value's own bytes, exactly as they stand in the text, without white space around them. A copy.
  public var bytes: [UInt8] { read { Array($0.content) } }

  /// The value as it stands in the text.
  public var description: String { read { String(decoding: $0.content, as: UTF8.self) } }

  /// Where the value stands in its text, counted in bytes; for a line of JSON Lines in that line.
  public var range: Range<Int> { read(\.range) }

  /// What a value can be.
  public enum Kind: String, Sendable, Hashable {
    case object, array, string, number, boolean, null
  }

  /// What this value is.
  public var kind: Kind { read(\.kind) }
}

// MARK: Containers

extension JSONValue {
  /// The first member called `key`, or `nil` when this is not an object or has none.
  public subscript(key: String) -> JSONValue? { read { $0.member(named: key).map(value) } }

  /// The element at `index`, or `nil` when this is not an array or is shorter. Found by a walk over those before it:
  /// to go over all of them take ``elements``.
  public subscript(index: Int) -> JSONValue? { read { $0[index].map(value) } }

  /// How many members or elements there are; 0 when this is neither an object nor an array.
  public var count: Int { read(\.count) }

  /// All members in order, duplicates included; empty when this is not an object.
  public var members: [(key: String, value: JSONValue)] {
    read { $0.keys.map { ($0.jsonString.text, JSONValue(document, $0.node + 1)) } }
  }

  /// All elements in order; empty when this is not an array.
  public var elements: [JSONValue] { read { $0.elements.map(value) } }

  /// The leading members of an object whose text is damaged further on, such as a line that was cut.
  package static func wholeMembers(of bytes: ArraySlice<UInt8>) -> [(key: String, value: JSONValue)] {
    let document = JSONScratch.scan(bytes, line: nil).document
    guard document.nodeCount > 1 else { return [] }
    return document.read(0) { root in
      guard root.firstByte == UInt8(ascii: "{") else { return [] }
      var members: [(key: String, value: JSONValue)] = []
      var key = root.at(1)
      while key.node + 1 < document.nodeCount {
        let value = key.at(key.node + 1)
        // A number may have been cut: only what stands behind it shows that it ends there.
        let next = document.token(behind: Int(value.raw.end))
        guard value.raw.end > 0, next == UInt8(ascii: ",") || next == UInt8(ascii: "}") else { break }
        members.append((key.jsonString.text, JSONValue(document, value.node)))
        key = key.at(Int(value.raw.next))
      }
      return members
    }
  }
}

// MARK: Scalars

extension JSONValue {
  /// The text of a string, without its escapes; `nil` for another value.
  ///
  /// A lone surrogate, which stands for no character, reads as U+FFFD.
  public var string: String? { read(\.string) }

  /// A number that is an integer and fits; `nil` for another value. `1.0` and `1e3` are not read as integers.
  public var int: Int? { read(\.int) }

  /// A number as the nearest `Double`; `nil` for another value, and for one too large for a `Double`.
  public var double: Double? { read(\.double) }

  /// A number as the nearest `Float`; `nil` for another value, and for one too large for a `Float`.
  public var float: Float? { read { $0.isNumber ? $0.jsonNumber.float : nil } }

  /// The numbers of an array of nothing but numbers, each as the nearest `Float`, such as an embedding; `nil` for
  /// another value, and when one is too large for a `Float`.
  public var floats: [Float]? { read { $0.numbers(\.float) } }

  /// `true` or `false`; `nil` for another value.
  public var bool: Bool? { read(\.bool) }

  /// Whether this is `null`.
  public var isNull: Bool { read(\.isNull) }
}
