// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// How several batches are asked about at once: by pages of the list where that takes fewer requests, one by one
/// where not.
struct BatchPoll: Sendable {
  typealias Answers = [BatchID: Result<Batch, BatchClientError>]

  /// How many polls go one by one before the list is tried again.
  private static let pollsWithoutList = 20

  private var pollsUntilList = 0
  private var didListFail = false
  /// Who is asked first, so that no failure keeps the same batches from being asked each time.
  private var first = 0
  /// When the oldest of the batches was made, once all have been seen.
  private var oldest: Date?

  /// Asks about each batch. When the service is down or asks for a pause, one failure is enough to know, and the
  /// batches behind it have no answer.
  nonisolated(nonsending) mutating func ask(
    about ids: [BatchID], _ client: BatchClient, _ options: CallOptions,
    until deadline: ContinuousClock.Instant
  ) async -> Answers {
    var answers: Answers = [:]
    if ids.count > 1, pollsUntilList == 0 {
      let pages = await list(Set(ids), client, options, until: deadline, into: &answers)
      didListFail = pages == nil
      // A list that finds fewer than it takes requests is left alone for a while; of one that failed the next poll
      // shows whether it was the list or the service.
      pollsUntilList = pages.map { $0 < answers.count ? 0 : Self.pollsWithoutList } ?? 1
      if pages == nil, answers.values.contains(where: { (try? $0.get()) == nil }) { return answers }
    } else {
      pollsUntilList = max(0, pollsUntilList - 1)
    }
    first = ids.isEmpty ? 0 : (first + 1) % ids.count
    for id in ids[first...] + ids[..<first] where answers[id] == nil {
      do throws(BatchClientError) {
        answers[id] = .success(
          try await client.perform(.retrieveBatch(id), options, until: deadline))
      } catch {
        answers[id] = .failure(error)
        if Self.endsPoll(error) { break }
      }
    }
    if didListFail, answers.values.contains(where: { (try? $0.get()) != nil }) {
      didListFail = false
      pollsUntilList = Self.pollsWithoutList
    }
    let seen = answers.values.compactMap { try? $0.get().createdAt }
    if seen.count == ids.count { oldest = seen.min() }
    return answers
  }

  /// Whether the next request would fail, too.
  private static func endsPoll(_ error: BatchClientError) -> Bool {
    [.connection, .timedOut, .rateLimited, .serverError, .unauthorized, .cancelled, .shutDown, .insecure]
      .contains(error.kind)
  }

  /// Reads the list, newest first, until all are found, none can follow, or asking one by one is cheaper.
  ///
  /// - Returns: How many pages were read; `nil` when the list failed. If that ends the poll, one batch has the
  ///   failure for its answer.
  nonisolated(nonsending) private func list(
    _ ids: Set<BatchID>, _ client: BatchClient, _ options: CallOptions,
    until deadline: ContinuousClock.Instant,
    into answers: inout Answers
  ) async -> Int? {
    var pages = 0
    do throws(BatchClientError) {
      for try await page in client.batches(createdSince: nil, options: options, until: deadline).pages {
        pages += 1
        let found = page.items.filter { ids.contains($0.id) && answers[$0.id] == nil }
        for batch in found { answers[batch.id] = .success(batch) }
        guard answers.count < ids.count, pages < ids.count else { break }
        if let oldest, let last = page.items.last?.createdAt, last.timeIntervalSince1970 > 0, last < oldest {
          break
        }
        // A page without any of ours is worth it only on the way to the first.
        if found.isEmpty, !answers.isEmpty || pages > ids.count / 2 { break }
      }
      return pages
    } catch {
      if Self.endsPoll(error), let id = ids.first(where: { answers[$0] == nil }) {
        answers[id] = .failure(error)
      }
      return nil
    }
  }
}
