// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Values with an id, in the order in which they were added, read in pages from either end.
struct CursorList<Value: Sendable>: Sendable {
  private var ids: [String?] = []
  private var values: [String: (position: Int, value: Value)] = [:]

  /// One page.
  struct Page {
    var items: [(id: String, value: Value)] = []
    var hasMore = false
  }

  var count: Int { values.count }

  subscript(id: String) -> Value? { values[id]?.value }

  mutating func append(_ value: Value, id: String) {
    values[id] = (ids.count, value)
    ids.append(id)
  }

  @discardableResult
  mutating func remove(_ id: String) -> Value? {
    guard let (position, value) = values.removeValue(forKey: id) else { return nil }
    ids[position] = nil
    // Holes are closed when they are the majority, so that removing stays cheap and the list does not grow.
    if ids.count > 64, values.count * 2 < ids.count { closeHoles() }
    return value
  }

  /// Up to `limit` values that come after the one with the id `cursor`; `nil` when there is no such value.
  func page(
    after cursor: String?, limit: Int, newestFirst: Bool, where isIncluded: (Value) -> Bool = { _ in true }
  ) -> Page? {
    let step = newestFirst ? -1 : 1
    var position = newestFirst ? ids.count - 1 : 0
    if let cursor {
      guard let entry = values[cursor] else { return nil }
      position = entry.position + step
    }
    var page = Page()
    while ids.indices.contains(position) {
      if let id = ids[position], let value = values[id]?.value, isIncluded(value) {
        if page.items.count == limit {
          page.hasMore = true
          break
        }
        page.items.append((id, value))
      }
      position += step
    }
    return page
  }

  /// All values, oldest first.
  var all: [(id: String, value: Value)] {
    ids.compactMap { id in id.flatMap { id in values[id].map { (id, $0.value) } } }
  }

  private mutating func closeHoles() {
    let kept = all
    ids = []
    values = [:]
    for (id, value) in kept { append(value, id: id) }
  }
}
