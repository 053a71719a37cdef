// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Nodes in the order in which they are found: in borrowed space for a usual line, then on the heap.
///
/// Growing makes a new value, so that the scanner's copy stays in registers.
struct NodeBuffer {
  private let nodes: UnsafeMutablePointer<JSONNode>
  private let capacity: Int
  private let isOwned: Bool
  private(set) var count: Int

  init(_ space: UnsafeMutableBufferPointer<JSONNode>) {
    self.init(space.baseAddress.unsafelyUnwrapped, capacity: space.count, isOwned: false, count: 0)
  }

  private init(_ nodes: UnsafeMutablePointer<JSONNode>, capacity: Int, isOwned: Bool, count: Int) {
    self.nodes = nodes
    self.capacity = capacity
    self.isOwned = isOwned
    self.count = count
  }

  /// What was added so far.
  var all: UnsafeBufferPointer<JSONNode> { UnsafeBufferPointer(start: nodes, count: count) }

  subscript(index: Int) -> JSONNode {
    @inline(__always) get { nodes[index] }
    @inline(__always) nonmutating _modify { yield &nodes[index] }
  }

  /// Adds a value without children, or a container whose `next` is the container around it until it is closed.
  @inline(__always)
  mutating func append(start: Int, end: Int, next: Int? = nil, info: UInt32 = 0) {
    if count == capacity { self = grown() }
    (nodes + count).initialize(
      to: JSONNode(
        start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end),
        next: UInt32(truncatingIfNeeded: next ?? count &+ 1), info: info))
    count &+= 1
  }

  /// Ends a container.
  ///
  /// - Returns: The index of the container around it, or -1.
  @inline(__always)
  func close(_ container: Int, end: Int) -> Int {
    let parent = Int(Int32(bitPattern: nodes[container].next))
    nodes[container].end = UInt32(truncatingIfNeeded: end)
    nodes[container].next = UInt32(truncatingIfNeeded: count)
    if count > container + 1 { nodes[container].info &+= 4 }
    return parent
  }

  @inline(never)
  private func grown() -> NodeBuffer {
    let larger = UnsafeMutablePointer<JSONNode>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: nodes, count: count)
    deallocate()
    return NodeBuffer(larger, capacity: capacity * 2, isOwned: true, count: count)
  }

  func deallocate() {
    if isOwned { nodes.deallocate() }
  }
}
