// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Looks up members of one object. Asked for in the order in which they stand, each takes one step, and one that is not
/// there mostly none; in another order as many as without a cursor.
///
/// Of members with one name the first counts, in any order of asking.
package struct JSONMemberCursor {
  private let object: JSONView
  private let end: Int
  /// The key to look at next.
  private var next: Int
  /// The bits of the keys before it: what has none of them does not stand there.
  private var passed: UInt64 = 0
  /// The bits of all keys, once they have been seen.
  private var all: UInt64 = .max

  /// Begins at the first member; a value that is not an object has none.
  package init(_ object: JSONView) {
    self.object = object
    next = object.node + 1
    end = object.kind == .object ? Int(object.raw.next) : 0
  }

  /// The first member called `name`.
  package mutating func member(named name: String) -> JSONView? {
    var name = name
    return name.withUTF8 { name in memberKey(name).map { object.at($0 &+ 1) } }
  }

  /// The first member called `name`.
  package mutating func member(named name: StaticString) -> JSONView? {
    memberKey(name.utf8Bytes).map { object.at($0 &+ 1) }
  }

  @inline(__always)
  private mutating func memberKey(_ name: UnsafeBufferPointer<UInt8>) -> Int? {
    let wanted = JSONName(name)
    let bit = wanted.bit
    if all & bit == 0 { return nil }
    // A key with escapes has the bit of how it is written, not of what it means.
    guard passed & bit == 0, !object.raw.flags.contains(.escaped) else { return object.memberKey(name) }
    var passed = passed
    var key = next
    while key < end {
      let found = object.nodes[key]
      let length = found.end &- found.start
      let place = object.text + (Int(found.start) &+ 1)
      let after = Int(object.nodes[key &+ 1].next)
      passed |= JSONName.bit(of: place, literalLength: length)
      if length == wanted.literalLength, wanted.isAt(place) {
        (next, self.passed) = (after, passed)
        return key
      }
      key = after
    }
    all = passed
    return nil
  }
}
