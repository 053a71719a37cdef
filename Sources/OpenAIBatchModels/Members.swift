// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON

/// The members of an object, read with tolerance for what compatible providers send in place of the documented types.
/// Of members with one name the first counts.
package struct Members<Key: CodingKey> {
  private let object: JSONView
  private var members: JSONMemberCursor

  /// The members of a value that must be an object.
  package init(of json: JSONView, by keys: Key.Type = Key.self) throws(JSONMisfit) {
    guard json.kind == .object else { throw JSONMisfit("expected an object", json) }
    object = json
    members = JSONMemberCursor(json)
  }

  /// The value of a member that is there and not null.
  package subscript(key: Key) -> JSONView? {
    mutating get { members.member(named: key.stringValue).flatMap { $0.isNull ? nil : $0 } }
  }

  /// A text, with `""` and any other type counting as absent.
  package mutating func text(_ key: Key) -> String? {
    self[key]?.string.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// An id, which must be there.
  package mutating func id(_ key: Key) throws(JSONMisfit) -> String {
    guard let value = members.member(named: key.stringValue) else {
      throw JSONMisfit("the key \(key.stringValue) is missing", object)
    }
    guard let id = value.string else { throw JSONMisfit("expected a string", value) }
    guard !id.isEmpty else { throw JSONMisfit("the id is empty", value) }
    guard !value.hasLoneSurrogate else {
      throw JSONMisfit("the id has a surrogate without its partner", value)
    }
    return id
  }

  /// An integer, or its digits as text.
  package mutating func integer(_ key: Key) -> Int? {
    self[key]?.looseInt
  }

  /// A text or an integer as text; `""` counts as absent.
  package mutating func scalarText(_ key: Key) -> String? {
    text(key) ?? self[key]?.wholeInt.map(String.init)
  }

  /// Pairs of texts. Values of another scalar type become texts as they are written, so that no pair is lost. Of
  /// pairs with one name the first that has a text.
  package mutating func stringPairs(_ key: Key) -> [String: String]? {
    guard let pairs = self[key], pairs.kind == .object else { return nil }
    var texts: [String: String] = Dictionary(minimumCapacity: pairs.count)
    pairs.forEachMember { name, value in
      guard let name = name.string, let text = value.scalarText else { return }
      if let first = texts.updateValue(text, forKey: name) { texts[name] = first }
    }
    return texts
  }

  /// What a model reads from a member; one that does not fit counts as absent.
  package mutating func read<Model: JSONReadable>(_ type: Model.Type, _ key: Key) -> Model? {
    self[key].flatMap { try? Model($0) }
  }
}

extension JSONView {
  /// An integer, or its digits as text.
  var looseInt: Int? { wholeInt ?? string.flatMap(Int.init) }
}
