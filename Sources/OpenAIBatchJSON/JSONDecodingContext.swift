// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What the decoders and containers of one decoding share.
///
/// They hold no paths of their own: where a value stands is found from its node when somebody asks, so that a
/// value that decodes pays nothing for it.
final class JSONDecodingContext {
  let document: JSONDocument
  private let view: JSONView
  let decoding: JSONDecoding
  /// The node of the value that is decoded.
  let root: Int
  /// Whether keys are compared as they are written.
  let hasPlainKeys: Bool
  /// The object that was asked last, and the key that was found there: a member is often asked for twice.
  private var last = (object: -1, key: -1)
  /// The members of large objects by name, so that asking for each of them is not quadratic.
  private var members: [Int: [ExactName: Int]] = [:]

  /// The way to the value that was asked for last.
  private var trail = JSONTrail()

  /// The objects that were asked for as dictionaries.
  private var dictionaries: Set<Int> = []

  private static let largestWalk = 64

  init(_ document: JSONDocument, _ decoding: JSONDecoding, root: Int) {
    self.document = document
    view = document.view(root)
    self.decoding = decoding
    self.root = root
    if case .asWritten = decoding.keys { hasPlainKeys = true } else { hasPlainKeys = false }
  }

  /// Reads a value while the document is kept alive. The view must not leave `body`.
  @inline(__always)
  func read<Result>(_ node: Int, _ body: (JSONView) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(view.at(node)) }
  }

  /// The node of the value of an object's member; of several with one name the first.
  func value(_ name: String, of object: Int) -> Int? {
    let key: Int?
    if !hasPlainKeys || read(object, \.raw.count) > Self.largestWalk {
      key = names(of: object)[ExactName(text: name)]
    } else {
      key = read(object) { $0.memberKey(name, first: last.object == object ? last.key : nil) }
    }
    guard let key else { return nil }
    last = (object, key)
    return key + 1
  }

  /// The way from the value that is decoded to a node.
  func path(to node: Int) -> [any CodingKey] {
    read(root) { trail.path(from: $0, to: node) { object, text in name(text, in: object) } }
  }

  /// What a key of an object is called.
  func name(_ text: String, in object: Int) -> String {
    dictionaries.contains(object) ? text : decoding.keys.key(text)
  }

  /// The rule for keys does not apply to the keys of this object.
  func noteDictionary(_ object: Int) {
    if !hasPlainKeys { dictionaries.insert(object) }
  }

  private func names(of object: Int) -> [ExactName: Int] {
    if let found = members[object] { return found }
    var found: [ExactName: Int] = [:]
    read(object) { object in
      for key in object.keys {
        let name = decoding.keys.key(key.jsonString.text)
        if found[ExactName(text: name)] == nil { found[ExactName(text: name)] = key.node }
      }
    }
    members[object] = found
    return found
  }
}

/// A name that is the same as another only byte by byte, as in a small object; `String` takes composed characters for
/// decomposed ones.
struct ExactName: Hashable {
  let text: String

  static func == (one: ExactName, other: ExactName) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
