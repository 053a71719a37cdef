// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON

/// One page of batches, as the service sends it.
public typealias ListBatchesResponse = ListResponse<Batch>

/// One page of files, as the service sends it.
public typealias ListFilesResponse = ListResponse<FileObject>

/// One page of a list, as the service sends it.
public struct ListResponse<Item: Identifiable & Sendable & Hashable>: Sendable, Hashable
where Item.ID: OpenEnum {
  /// Always `list`.
  public var object: String
  /// The items of this page, newest first in practice.
  public var data: [Item]
  /// The first item's id.
  public var firstID: Item.ID?
  /// The last item's id.
  public var lastID: Item.ID?
  /// Whether there are more. A server that does not say is asked again only after a full page.
  public var hasMore: Bool
  /// Whether the server said so.
  package var statesMore = true

  /// Creates a page, such as for a test; the ids are those of its items.
  public init(data: [Item], hasMore: Bool = false) {
    object = "list"
    self.data = data
    firstID = data.first?.id
    lastID = data.last?.id
    self.hasMore = hasMore
  }
}

extension ListResponse {
  /// Whether two pages say the same.
  public static func == (one: Self, other: Self) -> Bool {
    one.object == other.object && one.data == other.data && one.firstID == other.firstID
      && one.lastID == other.lastID && one.hasMore == other.hasMore
  }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(object)
    hasher.combine(data)
    hasher.combine(firstID)
    hasher.combine(lastID)
    hasher.combine(hasMore)
  }
}

/// The tolerant reading of a list: the documented envelope, `value` in place of `data` (Azure's preview), or
/// a bare array (Together). A text with neither list is an error: an error body that came with status 200 must
/// not pass for the end of the list.
package struct ListEnvelope<Item: JSONReadable & Sendable>: JSONReadable, Sendable {
  package var object: String
  package var data: [Item]
  package var firstID: String?
  package var lastID: String?
  package var hasMore: Bool?

  private enum CodingKeys: String, CodingKey {
    case object
    case firstID = "first_id"
    case lastID = "last_id"
    case hasMore = "has_more"
  }

  package init(from decoder: any Decoder) throws { try self.init(reading: decoder) }

  package init(_ json: JSONView) throws(JSONMisfit) {
    guard json.kind != .array else {
      object = "list"
      data = try Self.items(of: json)
      return
    }
    var members = try Members(of: json, by: CodingKeys.self)
    object = members.text(.object) ?? "list"
    guard let list = json["data"] ?? json["value"] else {
      throw JSONMisfit("the key data is missing", json)
    }
    data = list.isNull ? [] : try Self.items(of: list)
    firstID = members.text(.firstID)
    lastID = members.text(.lastID)
    hasMore = members[.hasMore].flatMap(Self.truth)
  }

  /// A Boolean, also as a text or as 0 or 1.
  private static func truth(_ value: JSONView) -> Bool? {
    switch value.scalarText?.lowercased() {
    case "true", "1": true
    case "false", "0": false
    default: nil
    }
  }

  private static func items(of list: JSONView) throws(JSONMisfit) -> [Item] {
    guard list.kind == .array else { throw JSONMisfit("expected an array", list) }
    var items: [Item] = []
    items.reserveCapacity(list.count)
    for element in list.elements { items.append(try Item(element)) }
    return items
  }
}

extension ListResponse where Item: JSONReadable {
  /// Resolves what the server left open: a missing `has_more` is true only after a page of `limit` items.
  package init(_ list: ListEnvelope<Item>, limit: Int) {
    self.init(data: list.data, hasMore: list.hasMore ?? (list.data.count >= limit))
    object = list.object
    statesMore = list.hasMore != nil
    if let id = list.firstID { firstID = Item.ID(id) }
    if let id = list.lastID { lastID = Item.ID(id) }
  }
}
