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

  private var since: Date {
    Date(timeIntervalSince1970: client.wallTime - Double(options.lookBack.components.seconds))
  }

  /// The batches that carry the job's key, or the key with a number, newest first.
  func earlierBatches() async throws(BatchClientError) -> [Batch] {
    var found: [Batch] = []
    for try await batch in client.allBatches(createdSince: since) where number(of: batch) != nil {
      found.append(batch)
    }
    return found.sorted { ($1.createdAt, $1.id.rawValue) < ($0.createdAt, $0.id.rawValue) }
  }

  /// The batches that were made of this job's own upload, and carry no mark: some providers do not keep metadata, or do
  /// not list it.
  func unmarkedBatches(of upload: FileObject, endpoint: BatchEndpoint) async throws(BatchClientError)
    -> [Batch]
  {
    var found: [Batch] = []
    for try await batch in client.allBatches(createdSince: since)
    where batch.inputFileID == upload.id && batch.endpoint == endpoint && mark(of: batch) == nil {
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
    for batch in batches where !cameToNothing(batch) {
      if try await !hasItsAnswers(batch) {
        gone = gone ?? batch
        continue
      }
      try await requireSameInput(batch)
      guard let mark = mark(of: batch) else { return batch }
      var twins = [batch]
      for twin in batches
      where twin.id != batch.id && self.mark(of: twin) == mark && !cameToNothing(twin) {
        if try await hasItsAnswers(twin) { twins.append(twin) }
      }
      return try await client.keepOldest(of: twins) { progress(.cancelled(twin: $0)) }
    }
    if let gone { progress(.answersGone(gone)) }
    return nil
  }

  /// The key for a new batch. Earlier batches keep theirs, so one that replaces them has a number.
  func nextName(after batches: [Batch]) -> String {
    batches.compactMap(number).max().map { "\(key.mark)/\($0 + 1)" } ?? key.mark
  }

  /// 0 for the job's first batch, n for the one that carries the key with n; `nil` for those of other jobs.
  private func number(of batch: Batch) -> Int? {
    guard let mark = mark(of: batch), mark != key.mark else { return mark(of: batch) == nil ? nil : 0 }
    return JobKey.split(mark).flatMap { $0.key == key.mark ? $0.number : nil }
  }

  /// Refuses a batch that was made of another input under the same key of the caller's own: its answers are not those to
  /// this job's rows.
  private func requireSameInput(_ batch: Batch) async throws(BatchClientError) {
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

  /// Whether what was paid for is still there, or to come. An error file that is gone is no reason to pay again.
  private func hasItsAnswers(_ batch: Batch) async throws(BatchClientError) -> Bool {
    guard batch.status.isTerminal, let file = batch.outputFileID ?? batch.errorFileID else { return true }
    do throws(BatchClientError) {
      // The content itself is asked for: some providers have no file objects for results.
      var content = client.content(of: file).makeAsyncIterator()
      _ = try await content.next()
      return true
    } catch {
      guard error.kind == .notFound else { throw error }
      return false
    }
  }

  /// The upload of a run that ended before it made a batch. Best effort: without it the file is sent again.
  func upload(bytes: Int64) async -> FileObject? {
    let since = since
    do throws(BatchClientError) {
      for try await file in client.files(purpose: .batch) {
        if file.createdAt < since { return nil }
        let isOurs = file.filename == key.uploadName && file.bytes == bytes && file.status != "error"
        if isOurs { return file }
      }
    } catch {
      return nil
    }
    return nil
  }
}
