// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchPagination
import Synchronization
import Testing

struct PagedSequenceTests {
  struct Item: Identifiable, Sendable, Equatable { let id: Int }
  enum Broken: Error, Equatable { case repeated(Int), fetch }

  /// A list of `pages`, where the cursor is the index of the next page.
  private func list(
    _ pages: [(items: [Int], next: Int?)], after start: Int? = nil, log: Log = Log()
  ) -> PagedSequence<Item, Broken> {
    PagedSequence(after: start, repeatedCursor: { .repeated($0) }) { cursor throws(Broken) in
      log.add(cursor)
      guard pages.indices.contains(cursor ?? 0) else { throw .fetch }
      let page = pages[cursor ?? 0]
      return Page(items: page.items.map(Item.init), next: page.next)
    }
  }

  @Test func walksAllItemsInOrder() async throws {
    let log = Log()
    let items = try await collect(list([([1, 2], 1), ([3], 2), ([], 3), ([4, 5], nil)], log: log))
    #expect(items == [1, 2, 3, 4, 5])
    #expect(log.cursors == [nil, 1, 2, 3])
  }

  @Test func startsAfterACursorAndStartsAgain() async throws {
    let sequence = list([([1], 1), ([2], nil)], after: 1)
    #expect(try await collect(sequence) == [2])
    #expect(try await collect(sequence) == [2])
  }

  @Test func pagesCarryTheCursorOfTheNext() async throws {
    var cursors: [Int?] = []
    for try await page in list([([1], 1), ([2], 2), ([3], nil)]).pages { cursors.append(page.next) }
    #expect(cursors == [1, 2, nil])
  }

  @Test(arguments: [
    (pages: [([1], 0 as Int?)], start: 0 as Int?, delivered: [] as [Int], cursor: 0),
    ([([1], 1), ([2], 1)], nil, [1], 1),
    ([([1], 1), ([2], 2), ([3], 1)], nil, [1, 2], 1),
  ])
  func aRepeatedCursorEndsTheWalk(
    pages: [([Int], Int?)], start: Int?, delivered: [Int], cursor: Int
  ) async throws {
    var items: [Int] = []
    await #expect(throws: Broken.repeated(cursor)) {
      for try await item in list(pages.map { (items: $0.0, next: $0.1) }, after: start) {
        items.append(item.id)
      }
    }
    #expect(items == delivered)
  }

  @Test func onlyWhatIsAskedForIsFetched() async throws {
    let log = Log()
    for try await item in list([([1, 2], 1), ([3], nil)], log: log) where item.id == 2 { break }
    #expect(log.cursors == [nil])
  }

  @Test func afterAnErrorTheWalkIsOver() async throws {
    var iterator = list([([1], 7)]).makeAsyncIterator()
    #expect(try await iterator.next()?.id == 1)
    await #expect(throws: Broken.fetch) { try await iterator.next() }
    #expect(try await iterator.next() == nil)
  }

  private func collect(_ sequence: PagedSequence<Item, Broken>) async throws -> [Int] {
    var items: [Int] = []
    for try await item in sequence { items.append(item.id) }
    return items
  }

  final class Log: Sendable {
    private let entries = Mutex<[Int?]>([])
    var cursors: [Int?] { entries.withLock { $0 } }
    func add(_ cursor: Int?) { entries.withLock { $0.append(cursor) } }
  }
}
