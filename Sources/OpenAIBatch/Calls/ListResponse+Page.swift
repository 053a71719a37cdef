// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels
internal import OpenAIBatchPagination

/// How a walk through a list takes what the server leaves open.
enum ListWalk {
  /// A page that is not full is the last one.
  case usual
  /// An item that is overlooked does harm: a batch is created, a file uploaded again. A server that does not say
  /// whether there are more may give shorter pages than it was asked for: then only an empty page is the end. An empty
  /// page of which it says that more follows is none.
  case thorough

  /// How many items let expect more, where the server does not say.
  func fullPage(of limit: Int) -> Int { self == .usual ? limit : 1 }
}

extension ListResponse {
  /// This page of a walk.
  ///
  /// - Parameters:
  ///   - cursor: What it was asked for with.
  ///   - walk: How the walk goes on.
  ///   - operation: The operation for errors.
  func page(
    after cursor: Item.ID?, _ walk: ListWalk, operation: String
  ) throws(BatchClientError) -> Page<Item> {
    let page = Page(items: data, next: hasMore ? data.last?.id : nil)
    guard walk == .thorough else { return page }
    if hasMore, data.isEmpty {
      guard let last = lastID, !last.rawValue.isEmpty else {
        throw BatchClientError(
          .malformedResponse, operation: operation,
          "The server gave an empty page and says that there are more, without a cursor to them.", attempts: 1
        )
      }
      return Page(items: [], next: last)
    }
    // It goes by no cursor, and gave all at once.
    if !statesMore, let cursor, data.contains(where: { $0.id == cursor }) {
      return Page(items: [], next: nil)
    }
    return page
  }
}
