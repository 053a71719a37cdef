// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

extension FileUpload {
  /// How far two of the service's own times may be apart that should be equal.
  private static let timeMargin = 2.0
  /// The most files that are looked at.
  private static let mostPages = 10
  private static let pageSize = 100

  /// Deletes what attempts whose answers were lost have left on the service. Best effort: a file too many does
  /// no harm, and the upload itself has succeeded.
  ///
  /// A twin has the same name, length and purpose and was made, by the service's clock, while this call ran. Only
  /// a random name proves it: one of the caller's own may be another process's as well, which may be about to make
  /// a batch of its file. And there must be no more twins than attempts were lost.
  func removeTwins(of file: FileObject, atMost lost: Int, madeWithin duration: Duration) async {
    guard isNameRandom else { return }
    let aside = asideOptions()
    let until = limit()
    let earliest = file.createdAt.addingTimeInterval(-(duration / .seconds(1)) - Self.timeMargin)
    do throws(BatchClientError) {
      let twins = try await likenesses(since: earliest, aside, until: until).filter { $0.id != file.id }
      guard twins.count <= lost else { return }
      for twin in twins { _ = try await client.perform(.deleteFile(twin.id), aside, until: until) }
    } catch {
      // The twin expires by itself, or is found by a clean-up.
    }
  }

  /// Files that could have come of this upload, the newest first.
  func likenesses(
    since earliest: Date, _ options: CallOptions, until deadline: ContinuousClock.Instant?
  ) async throws(BatchClientError) -> [FileObject] {
    var found: [FileObject] = []
    var cursor: FileID?
    for _ in 0..<Self.mostPages {
      let page = try await client.perform(
        .listFiles(after: cursor, limit: Self.pageSize, order: .descending, purpose: spelledPurpose), options,
        until: deadline)
      found += page.data.filter { $0.createdAt >= earliest && isLike($0) }
      guard page.hasMore, let last = page.data.last, last.createdAt >= earliest else { break }
      cursor = last.id
    }
    return found
  }

  private func isLike(_ file: FileObject) -> Bool {
    // As bytes: to Swift, texts that look the same are equal.
    file.filename.utf8.elementsEqual(filename.utf8) && Int64(file.bytes) == source.length
      && file.purpose == spelledPurpose
  }

  /// What calls beside the upload are made with: once, and soon over.
  func asideOptions() -> CallOptions {
    var options = options
    options.retry = RetryPolicy.none
    return options
  }

  /// When calls beside the upload must be over.
  func limit(_ duration: Duration = .seconds(30)) -> ContinuousClock.Instant {
    let limit = client.configuration.clock.now().advanced(by: duration)
    return deadline.map { min($0, limit) } ?? limit
  }
}
