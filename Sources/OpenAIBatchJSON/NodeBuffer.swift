// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Nodes in the order in which they are found, on the heap.
///
/// Growing makes a new value, so that the scanner's copy stays in registers.
struct NodeBuffer {
  private let nodes: UnsafeMutablePointer<JSONNode>
  let capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    nodes = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  /// What was added so far.
  var all: UnsafeBufferPointer<JSONNode> { UnsafeBufferPointer(start: nodes, count: count) }

  mutating func removeAll() { count = 0 }

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
    var larger = NodeBuffer(capacity: capacity * 2)
    larger.nodes.moveInitialize(from: nodes, count: count)
    larger.count = count
    deallocate()
    return larger
  }

  func deallocate() { nodes.deallocate() }
}
