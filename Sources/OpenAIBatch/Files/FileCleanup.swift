// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// A plan of which files on the service can be deleted, and why. Nothing is deleted yet.
public struct FileCleanup: Sendable {
  /// Why a file may go.
  public enum Reason: String, Sendable, Hashable, Codable {
    /// All batches that were made of it have ended.
    case input
    /// It holds results of a batch that has ended, and they were collected.
    case result
    /// Its own expiry has passed, and no batch runs on it.
    case expired
    /// No batch was made of it.
    case unused
  }

  /// A file that may go.
  public struct Item: Sendable, Hashable, Codable {
    /// The file.
    public let file: FileObject
    /// Why it may go.
    public let reason: Reason
  }

  /// A file that could not be deleted.
  public struct Failure: Sendable {
    /// The file.
    public let file: FileID
    /// Why it is still there.
    public let error: BatchClientError
  }

  /// What came of a plan.
  public struct Outcome: Sendable {
    /// How many files are gone now.
    public internal(set) var deleted = 0
    /// How many bytes they had.
    public internal(set) var bytes = 0
    /// How many files were left because a batch runs on them by now.
    public internal(set) var spared = 0
    /// The first ``FileCleanup/mostFailures`` files that the service did not delete.
    public internal(set) var failures: [Failure] = []
    /// How many files the service did not delete.
    public internal(set) var failureCount = 0
  }

  /// The most files that one plan considers, the oldest first; files that may not go by their purpose or age are
  /// not counted. This bounds its memory: about 40 MB.
  public static let mostFiles = 100_000
  /// The most failures that are kept.
  public static let mostFailures = 100

  /// The files that may go, the oldest first in practice.
  public let items: [Item]
  /// Whether there are more than ``mostFiles`` files to consider; make another plan when this one is carried out.
  public let isTruncated: Bool
  /// When the batches were looked at.
  let date: Date

  /// How many bytes the files have.
  public var bytes: Int { items.reduce(0) { $0.addingSaturated($1.file.bytes) } }
}

/// Files on their way to a plan: who uses them turns out as the batches come by.
struct CleanupCandidates {
  private enum Use {
    case unknown, ended(FileCleanup.Reason), running
  }
  private var files: [FileObject] = []
  private var uses: [FileID: Use] = [:]
  private let now: Date
  private let latest: Date
  private let collected: Bool
  private let unused: Bool
  private let batchPurpose: FilePurpose
  private let most: Int

  /// - Parameters:
  ///   - now: The time.
  ///   - age: How old a file must be.
  ///   - collected: Whether results may go.
  ///   - unused: Whether files may go that no batch was made of.
  ///   - batchPurpose: What the provider calls the purpose of inputs.
  ///   - most: The most files that are kept.
  init(
    now: Date, olderThan age: Duration, collected: Bool, unused: Bool, batchPurpose: FilePurpose = .batch,
    most: Int = FileCleanup.mostFiles
  ) {
    self.now = now
    self.collected = collected
    self.unused = unused
    self.batchPurpose = batchPurpose
    self.most = most
    latest = now.addingTimeInterval(-(age / .seconds(1)))
  }

  /// Keeps a file that may go and is old enough. One whose time the provider does not say is not: 1970 is no time.
  ///
  /// - Returns: Whether there was room.
  mutating func add(_ file: FileObject) -> Bool {
    let isOld = file.createdAt.timeIntervalSince1970 > 0 && file.createdAt <= latest
    guard isOfBatches(file), collected || file.purpose != .batchOutput, isOld || isExpired(file),
      uses[file.id] == nil
    else { return true }
    guard files.count < most else { return false }
    uses[file.id] = .unknown
    files.append(file)
    return true
  }

  /// Takes note of a batch's files. What one running batch needs, no ended one sets free.
  mutating func note(_ batch: Batch) {
    note(batch.inputFileID, batch.status.isTerminal ? .ended(.input) : .running)
    for result in [batch.outputFileID, batch.errorFileID] {
      if let result { note(result, batch.status.isTerminal ? .ended(.result) : .running) }
    }
  }

  private mutating func note(_ id: FileID, _ use: Use) {
    switch uses[id] {
    case nil, .running: break
    // Who takes the results of one batch for the input of another has said nothing of having collected them.
    case .ended(.result): if case .running = use { uses[id] = use }
    case .some: uses[id] = use
    }
  }

  /// What may go.
  func items() -> [FileCleanup.Item] {
    files.compactMap { file in
      reason(for: file).map { FileCleanup.Item(file: file, reason: $0) }
    }
  }

  private func reason(for file: FileObject) -> FileCleanup.Reason? {
    let reason: FileCleanup.Reason
    switch uses[file.id] {
    case nil, .running: return nil
    case .ended(let use): reason = use
    case .unknown:
      // Results that no batch names may be those of a running one that does not say yet where they are.
      guard file.purpose == batchPurpose else { return nil }
      reason = .unused
    }
    switch reason {
    case .result: return collected ? .result : nil
    case .input, .unused, .expired:
      if isExpired(file) { return .expired }
      return reason == .input || unused ? reason : nil
    }
  }

  /// An input, or what the service and providers call the results; nothing else is touched.
  private func isOfBatches(_ file: FileObject) -> Bool {
    file.purpose == batchPurpose || file.purpose.rawValue.hasPrefix("batch")
  }

  private func isExpired(_ file: FileObject) -> Bool { file.expiresAt.map { $0 <= now } ?? false }
}
