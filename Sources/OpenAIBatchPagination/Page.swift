// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// One page of a list.
public struct Page<Item: Identifiable & Sendable>: Sendable where Item.ID: Sendable {
  /// The items of this page, in the server's order.
  public var items: [Item]
  /// The cursor of the next page: keep it to go on later, in another process if you like. `nil` on the last
  /// page.
  public var next: Item.ID?

  /// Creates a page.
  public init(items: [Item], next: Item.ID?) {
    self.items = items
    self.next = next
  }
}
