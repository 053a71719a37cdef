// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

extension BatchClient {
  /// Plans which files of batches may be deleted; nothing is deleted yet.
  ///
  /// The input files of batches that have ended may go, and those whose own expiry has passed. Results may go
  /// only if you say that they were collected. A file of a running batch never may, nor one of another purpose.
  /// Files and batches are listed once each.
  ///
  /// ```swift
  /// let plan = try await client.planCleanup(olderThan: .seconds(7 * 86_400))
  /// for item in plan.items { print(item.file.id, item.reason) }
  /// try await client.cleanUp(plan)
  /// ```
  ///
  /// - Parameters:
  ///   - age: How long ago a file must have been made; 7 days by default.
  ///   - collected: Whether the results of all ended batches of that age are safe elsewhere.
  ///   - unused: Whether files of purpose `batch` may go that no listed batch was made of.
  ///   - options: What each page's call does differently.
  public func planCleanup(
    olderThan age: Duration = .seconds(7 * 86_400), collected: Bool = false, unused: Bool = false,
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> FileCleanup {
    let now = Date(timeIntervalSince1970: configuration.clock.wallTime())
    var candidates = CleanupCandidates(
      now: now, olderThan: age, collected: collected, unused: unused,
      batchPurpose: configuration.provider.purpose(.batch))
    var isTruncated = false
    for try await file in files(order: .ascending, options: options) {
      isTruncated = !candidates.add(file)
      if isTruncated { break }
    }
    // The batches come second: one that is made in between is seen.
    for try await batch in allBatches(options: options) { candidates.note(batch) }
    return FileCleanup(items: candidates.items(), isTruncated: isTruncated, date: now)
  }

  /// Deletes the files of a plan, several at once. A file that a batch runs on by now is spared.
  ///
  /// A file that the service refuses to delete is no error: see ``FileCleanup/Outcome/failures``.
  ///
  /// - Parameters:
  ///   - plan: What may go.
  ///   - options: What each call does differently.
  /// - Throws: ``BatchClientError`` when the service cannot be reached or refuses the client; the files that are
  ///   left are part of the next plan.
  @discardableResult
  public func cleanUp(
    _ plan: FileCleanup, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> FileCleanup.Outcome {
    var outcome = FileCleanup.Outcome()
    var used: Set<FileID> = []
    // Clocks may differ.
    let recent = allBatches(
      createdSince: plan.date.addingTimeInterval(-3600), options: options)
    for try await batch in recent where !batch.status.isTerminal { used.insert(batch.inputFileID) }
    let items = plan.items.filter { !used.contains($0.file.id) }
    outcome.spared = plan.items.count - items.count
    do {
      try await withThrowingTaskGroup(of: (FileObject, BatchClientError?).self) { group in
        for (number, item) in items.enumerated() {
          if number >= 8, let (file, error) = try await group.next() { outcome.note(file, error) }
          group.addTask { (item.file, try await delete(item.file, options)) }
        }
        for try await (file, error) in group { outcome.note(file, error) }
      }
    } catch let error as BatchClientError {
      throw error
    } catch {
      throw .cancelled("cleanUp")
    }
    return outcome
  }

  /// Deletes a file; returns why the service keeps it.
  private func delete(
    _ file: FileObject, _ options: CallOptions
  ) async throws(BatchClientError) -> BatchClientError? {
    do throws(BatchClientError) {
      let isDeleted = try await deleteFile(file.id, options: options).deleted
      return isDeleted
        ? nil : BatchClientError(.rejected, operation: "deleteFile", "The service did not delete the file.")
    } catch  where error.kind == .notFound {
      return nil
    } catch  where error.kind == .conflict || error.kind == .rejected || error.kind == .invalidRequest {
      return error
    }
  }
}

extension FileCleanup.Outcome {
  fileprivate mutating func note(_ file: FileObject, _ error: BatchClientError?) {
    guard let error else {
      deleted += 1
      bytes = bytes.addingSaturated(file.bytes)
      return
    }
    failureCount += 1
    if failures.count < FileCleanup.mostFailures {
      failures.append(FileCleanup.Failure(file: file.id, error: error))
    }
  }
}
