// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Finds what earlier runs of a job left on the service.
struct JobSearch {
  let client: BatchClient
  let key: JobKey
  let options: BatchJob.Options

  /// When the job began to look.
  private let now: Date
  /// Earlier batches are not gone on with.
  private var since: Date { now.addingTimeInterval(-Double(options.lookBack.components.seconds)) }
  /// How far clocks may differ.
  private static let clockMargin = 600.0

  init(client: BatchClient, key: JobKey, options: BatchJob.Options) {
    self.client = client
    self.key = key
    self.options = options
    now = Date(timeIntervalSince1970: client.clock.wallTime())
  }

  /// The batches that carry the job's key, or the key with a number, newest first. A few may be too old to be gone on
  /// with: the next one must have another number than theirs.
  func earlierBatches() async throws(BatchClientError) -> [Batch] {
    var found: [Batch] = []
    let first = min(since, now.addingTimeInterval(-Self.clockMargin))
    for try await batch in client.allBatches(createdSince: first) where number(of: batch) != nil {
      found.append(batch)
    }
    return found.sorted { ($1.createdAt, $1.id.rawValue) < ($0.createdAt, $0.id.rawValue) }
  }

  /// The batches that were made of one of this job's own uploads, and carry no mark: some providers do not keep
  /// metadata, or do not list it.
  func unmarkedBatches(of uploads: [FileObject], endpoint: BatchEndpoint) async throws(BatchClientError)
    -> [Batch]
  {
    let ids = Set(uploads.map(\.id))
    var found: [Batch] = []
    for try await batch in client.allBatches(createdSince: since)
    where ids.contains(batch.inputFileID) && batch.endpoint == endpoint && mark(of: batch) == nil {
      found.append(batch)
    }
    return found
  }

  /// The newest batch to go on with: running, or ended with its answers still there. Of twins, which a process
  /// that died may have left, the oldest stays. Without a mark nothing tells twins: none of those is cancelled.
  func usable(
    among batches: [Batch], _ progress: (JobEvent) -> Void
  ) async throws(BatchClientError) -> Batch? {
    var gone: Batch?
    var seen: Set<String> = []
    for batch in batches where !cameToNothing(batch) && !isTooOld(batch) {
      let mark = mark(of: batch)
      if let mark, !seen.insert(mark).inserted { continue }
      let twins = batches.filter { twin in
        twin.id == batch.id || mark != nil && self.mark(of: twin) == mark && !cameToNothing(twin)
      }
      guard let kept = try await withAnswers(twins).first else {
        gone = gone ?? batch
        continue
      }
      try await requireSameInput(kept)
      return try await client.keepOldest(of: [kept] + twins.filter { !$0.status.isTerminal }) {
        progress(.cancelled(twin: $0))
      }
    }
    if let gone { progress(.answersGone(gone)) }
    return nil
  }

  /// The batch to go on with in the place of this one, if that is another: of two runs that start together, the other
  /// one may have taken its own for the first. The twins that do not stay are cancelled.
  func other(than batch: Batch, _ progress: (JobEvent) -> Void) async throws(BatchClientError) -> Batch? {
    guard let mark = mark(of: batch) else { return nil }
    var twins = try await earlierBatches().filter { self.mark(of: $0) == mark }
    // The list can lag behind.
    if !twins.contains(where: { $0.id == batch.id }) { twins.append(batch) }
    let usable = try await usable(among: twins, progress)
    return usable?.id == batch.id ? nil : usable
  }

  /// Of the batches for one purpose, those whose answers are there or to come, in the order in which they count. What
  /// a twin had when it was cancelled is not in the place of answers that are gone.
  private func withAnswers(_ twins: [Batch]) async throws(BatchClientError) -> [Batch] {
    let sorted = twins.sorted { $0.takesPrecedence(over: $1) }
    let live = sorted.filter { ![.cancelled, .cancelling].contains($0.status) }
    var found: [Batch] = []
    for twin in live.isEmpty ? sorted : live {
      if try await hasItsAnswers(twin) { found.append(twin) }
    }
    return found
  }

  private func isTooOld(_ batch: Batch) -> Bool {
    batch.createdAt.timeIntervalSince1970 > 0 && batch.createdAt < since
  }

  /// The key for a new batch. Earlier batches keep theirs, so one that replaces them has a number.
  func nextName(after batches: [Batch]) -> String {
    batches.compactMap(number).max().map { "\(key.mark)/\($0 + 1)" } ?? key.mark
  }

  /// 0 for the job's first batch, n for the one that carries the key with n; `nil` for those of other jobs.
  private func number(of batch: Batch) -> Int? {
    guard let mark = mark(of: batch) else { return nil }
    if mark == key.mark { return 0 }
    return JobKey.split(mark).flatMap { $0.key == key.mark ? $0.number : nil }
  }

  /// Refuses a batch that was made of another input under the same key of the caller's own: its answers are not those
  /// to this job's rows.
  func requireSameInput(_ batch: Batch) async throws(BatchClientError) {
    // A file that is gone, or has a name of another kind, proves nothing.
    guard let own = options.key, let file = try? await client.retrieveFile(batch.inputFileID),
      JobKey.isUploadName(file.filename), file.filename != key.uploadName
    else { return }
    throw BatchClientError(
      .invalidRequest, operation: "findBatch",
      "The key \"\(own)\" belongs to \(batch.id), which was made of another input. Give each input a key of its own."
    )
  }

  /// Whether no row of the batch ever ran, or will: the service refused it, or it ended before its first row.
  private func cameToNothing(_ batch: Batch) -> Bool {
    if batch.status == .failed { return true }
    return [.cancelled, .expired].contains(batch.status) && batch.outputFileID == nil
      && batch.errorFileID == nil && batch.requestCounts.ended == 0
  }

  private func mark(of batch: Batch) -> String? { batch.metadata?[BatchKey.metadataKey] }

  /// The waits in which a file that is said not to be there may yet appear.
  static let pausesForFiles: [Duration] = [.seconds(5), .seconds(10)]

  /// Whether what was paid for is still there, or to come. An error file that is gone is no reason to pay again.
  private func hasItsAnswers(_ batch: Batch) async throws(BatchClientError) -> Bool {
    guard batch.status.isTerminal, let file = batch.outputFileID ?? batch.errorFileID else { return true }
    // One 404 proves nothing: services have sent them for what was there.
    for pause in Self.pausesForFiles {
      if try await canBeRead(file) { return true }
      try await client.pause(pause, operation: "findBatch")
    }
    if try await canBeRead(file) { return true }
    do throws(BatchClientError) {
      _ = try await client.retrieveFile(file)
    } catch {
      guard error.kind == .notFound else { throw error }
      return false
    }
    throw BatchClientError(
      .notFound, operation: "findBatch",
      "The results of \(batch.id) cannot be read, although their file \(file) is there. The same job again looks anew; a fresh one is paid for again."
    )
  }

  /// Whether each of the files has content.
  func canRead(_ files: [FileID]) async throws(BatchClientError) -> Bool {
    for file in files {
      guard try await canBeRead(file) else { return false }
    }
    return true
  }

  /// Whether a file has content. The content itself is asked for: some providers have no file objects for results.
  private func canBeRead(_ file: FileID) async throws(BatchClientError) -> Bool {
    do throws(BatchClientError) {
      var content = client.content(of: file).makeAsyncIterator()
      _ = try await content.next()
      return true
    } catch {
      guard error.kind == .notFound else { throw error }
      return false
    }
  }

  /// The uploads of runs that ended before they made a batch, newest first: more than one where an upload that seemed
  /// lost arrived after it was sent again.
  ///
  /// - Throws: What keeps the service from telling. A service without a list of files has told: none.
  func uploads(bytes: Int64) async throws(BatchClientError) -> [FileObject] {
    let since = since
    var found: [FileObject] = []
    do throws(BatchClientError) {
      for try await page in client.allFiles(purpose: .batch).pages {
        found += page.items.filter { file in
          file.filename == key.uploadName && file.bytes == bytes && file.status != "error"
            && (file.createdAt >= since || !file.isDated)
        }
        if page.items.isNewestFirst, let last = page.items.last, last.createdAt < since { break }
      }
    } catch {
      guard Self.isPassing(error) else { return found }
      throw error
    }
    return found.sorted { $0.createdAt > $1.createdAt }
  }

  /// Whether the same request may go well another time.
  static func isPassing(_ error: BatchClientError) -> Bool {
    [.connection, .timedOut, .serverError, .rateLimited, .malformedResponse, .cancelled].contains(error.kind)
  }
}

extension [FileObject] {
  /// Whether what follows can be told to be older: some providers list in another order, or give no times, and one
  /// file alone tells no order.
  fileprivate var isNewestFirst: Bool {
    count > 1 && allSatisfy(\.isDated) && zip(self, dropFirst()).allSatisfy { $0.createdAt >= $1.createdAt }
  }
}

extension FileObject {
  fileprivate var isDated: Bool { createdAt.timeIntervalSince1970 > 0 }
}
