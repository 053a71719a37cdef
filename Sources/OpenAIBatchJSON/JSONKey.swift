// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A step of a path through a text: the name of a member, or the index of an element.
struct JSONKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = "Index \(intValue)"
    self.intValue = intValue
  }

  static let `super` = JSONKey(stringValue: "super")
}

extension JSONValue {
  /// The way from here to a node.
  func path(to node: Int) -> [any CodingKey] {
    var trail = JSONTrail()
    return read { trail.path(from: $0, to: node) { $1 } }
  }
}

extension JSONDecodingContext {
  /// The byte at which the end of a way stands, or the last value on it that is there.
  func offset(of path: [any CodingKey]) -> Int {
    read(root) { root in
      var value = root
      for key in path {
        let name = key.stringValue
        let object = value.node
        let next =
          value.keys.first { self.name($0.jsonString.text, in: object).utf8.elementsEqual(name.utf8) }
          .map { $0.at($0.node + 1) }
          ?? value.member(named: name) ?? key.intValue.flatMap { value[$0] }
        guard let next else { break }
        value = next
      }
      return Int(value.raw.start)
    }
  }
}
