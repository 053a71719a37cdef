// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The way from a value to another one inside of it.
///
/// A type that tries one form after the other gets an error with a way for value after value: each walk goes on where
/// the last one ended, so that together they take one pass.
struct JSONTrail {
  private struct Step {
    let container: Int
    /// The node of an element, or of a member's key.
    let child: Int
    let index: Int
  }

  private var steps: [Step] = []
  /// The step that led on from the place of which the way was asked for last.
  private var further: Step?

  /// The way from `root`, always the same value, to a node.
  ///
  /// - Parameter name: What a key of an object, given by its node, is called, from how it is written.
  mutating func path(
    from root: JSONView, to node: Int, name: (_ object: Int, _ text: String) -> String
  ) -> [any CodingKey] {
    while let last = steps.last, !(last.container < node && node < root.at(last.container).raw.next) {
      further = steps.removeLast()
    }
    var last = steps.popLast()
    var place = last.map { root.at($0.container) } ?? root
    if last == nil, further?.container == place.node { last = further }
    while let step = Self.step(from: place, to: node, after: last) {
      steps.append(step)
      place = root.at(Self.isObject(place) ? step.child + 1 : step.child)
      last = further?.container == place.node ? further : nil
    }
    return steps.map { step in
      Self.isObject(root.at(step.container))
        ? JSONKey(stringValue: name(step.container, root.at(step.child).jsonString.text))
        : JSONKey(intValue: step.index)
    }
  }

  /// The child that is the node, or has it inside.
  private static func step(from place: JSONView, to node: Int, after last: Step?) -> Step? {
    guard place.node < node else { return nil }
    var (child, index) = (place.node + 1, 0)
    if let last, last.child <= node { (child, index) = (last.child, last.index) }
    while child < place.raw.next {
      let next = Int(place.at(isObject(place) ? child + 1 : child).raw.next)
      if node < next { return Step(container: place.node, child: child, index: index) }
      (child, index) = (next, index + 1)
    }
    return nil
  }

  private static func isObject(_ place: JSONView) -> Bool { place.firstByte == UInt8(ascii: "{") }
}
