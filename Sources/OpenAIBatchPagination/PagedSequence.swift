// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// All items of a cursor-paged list, fetched page by page as they are asked for.
///
/// A value: each `for` starts again from its first cursor. Only the page being read is held.
public struct PagedSequence<Item: Identifiable & Sendable, Failure: Error>: AsyncSequence, Sendable
where Item.ID: Sendable {
  /// One item of the list.
  public typealias Element = Item

  /// The same list, one page at a time.
  public let pages: Pages

  /// Creates a list.
  ///
  /// - Parameters:
  ///   - start: The cursor to start after; `nil` for the beginning.
  ///   - repeatedCursor: Makes the error for a server that gives a cursor which this walk has used before. It
  ///     would never end; that page's items are not delivered.
  ///   - fetch: Fetches the page after a cursor.
  public init(
    after start: Item.ID? = nil, repeatedCursor: @escaping @Sendable (Item.ID) -> Failure,
    fetch: @escaping @Sendable (Item.ID?) async throws(Failure) -> Page<Item>
  ) {
    pages = Pages(start: start, repeatedCursor: repeatedCursor, fetch: fetch)
  }

  /// Starts a walk.
  public func makeAsyncIterator() -> Iterator { Iterator(pages: pages.makeAsyncIterator()) }

  /// A walk over the items.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline var pages: Pages.Iterator
    /// The items of the page that are to come, the last one first: taking one away moves it.
    @usableFromInline var items: [Item] = []

    fileprivate init(pages: Pages.Iterator) { self.pages = pages }

    /// The next item; `nil` at the end.
    @inlinable
    public mutating func next(isolation actor: isolated (any Actor)?) async throws(Failure) -> Item? {
      while items.isEmpty {
        guard try await nextPage(isolation: actor) else { return nil }
      }
      return items.removeLast()
    }

    /// The next item; `nil` at the end.
    public mutating func next() async throws(Failure) -> Item? { try await next(isolation: nil) }

    @inlinable
    mutating func nextPage(isolation actor: isolated (any Actor)?) async throws(Failure) -> Bool {
      guard let page = try await pages.next(isolation: actor) else { return false }
      items = (consume page).items
      items.reverse()
      return true
    }
  }

  /// The pages of a list.
  public struct Pages: AsyncSequence, Sendable {
    /// One page of the list.
    public typealias Element = Page<Item>

    fileprivate let start: Item.ID?
    fileprivate let repeatedCursor: @Sendable (Item.ID) -> Failure
    fileprivate let fetch: @Sendable (Item.ID?) async throws(Failure) -> Page<Item>

    /// Starts a walk.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// A walk over the pages.
    public struct Iterator: AsyncIteratorProtocol {
      private let list: Pages
      private var cursor: Item.ID?
      private var used: Set<Item.ID>
      private var isFinished = false

      fileprivate init(_ list: Pages) {
        self.list = list
        cursor = list.start
        used = list.start.map { [$0] } ?? []
      }

      /// The next page; `nil` at the end. After an error the walk is over.
      public mutating func next(isolation actor: isolated (any Actor)?) async throws(Failure) -> Page<Item>? {
        guard !isFinished else { return nil }
        isFinished = true
        let page = try await list.fetch(cursor)
        if let next = page.next {
          guard used.insert(next).inserted else { throw list.repeatedCursor(next) }
          cursor = next
          isFinished = false
        }
        return page
      }

      /// The next page; `nil` at the end. After an error the walk is over.
      public mutating func next() async throws(Failure) -> Page<Item>? { try await next(isolation: nil) }
    }
  }
}

@available(*, unavailable)
extension PagedSequence.Iterator: Sendable {}

@available(*, unavailable)
extension PagedSequence.Pages.Iterator: Sendable {}
