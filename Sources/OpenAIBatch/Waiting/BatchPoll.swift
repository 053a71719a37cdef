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

  /// Whether the last reading of the list took fewer requests than it found batches.
  private var isListWorthIt = true
  /// When the oldest of the batches was made, once all have been seen.
  private var oldest: Date?

  /// Asks about each batch. When the service is down or asks for a pause, one failure is enough to know, and the
  /// other batches have no answer.
  nonisolated(nonsending) mutating func ask(
    about ids: [BatchID], _ client: BatchClient, _ options: CallOptions
  ) async -> Answers {
    var answers: Answers = [:]
    if ids.count > 1, isListWorthIt {
      do throws(BatchClientError) {
        let pages = try await list(Set(ids), client, options, into: &answers)
        isListWorthIt = pages < answers.count
      } catch {
        // A provider without a list is asked one by one from now on.
        guard [.notFound, .rejected, .malformedResponse].contains(error.kind) else {
          return [ids[0]: .failure(error)]
        }
        isListWorthIt = false
      }
    }
    for id in ids where answers[id] == nil {
      do throws(BatchClientError) {
        answers[id] = .success(try await client.retrieveBatch(id, options: options))
      } catch {
        answers[id] = .failure(error)
        guard error.kind == .notFound else { break }
      }
    }
    let seen = answers.values.compactMap { try? $0.get().createdAt }
    if seen.count == ids.count { oldest = seen.min() }
    return answers
  }

  /// Reads the list, newest first, until all are found, none can follow, or asking one by one is cheaper.
  ///
  /// - Returns: How many pages were read.
  nonisolated(nonsending) private func list(
    _ ids: Set<BatchID>, _ client: BatchClient, _ options: CallOptions, into answers: inout Answers
  ) async throws(BatchClientError) -> Int {
    var pages = 0
    var after: BatchID?
    while true {
      let page = try await client.listBatches(after: after, limit: 100, options: options)
      pages += 1
      let found = page.data.filter { ids.contains($0.id) }
      for batch in found { answers[batch.id] = .success(batch) }
      guard page.hasMore, answers.count < ids.count, let last = page.data.last, last.id != after else {
        break
      }
      if let oldest, last.createdAt.timeIntervalSince1970 > 0, last.createdAt < oldest { break }
      // A page without any of ours is worth it only on the way to the first.
      if found.isEmpty, !answers.isEmpty || pages > ids.count / 2 { break }
      after = last.id
    }
    return pages
  }
}
