// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels
internal import OpenAIBatchTransport

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// One guarded create: post, and when the outcome is not known, reconcile with the list of batches.
struct BatchCreation {
  let client: BatchClient
  let operation: BatchOperation<Batch>
  let request: CreateBatchRequest
  /// The value of the mark.
  let name: String
  let options: CallOptions

  private static let lookAgainAfter: Duration = .seconds(10)
  /// How far clocks may differ: ours made the intent, the server's made `created_at`.
  private static let clockMargin = 600.0

  /// A batch that carries the mark already, looked for before anything is sent.
  func find(lookBack: Duration) async throws(BatchClientError) -> Batch? {
    let since = client.configuration.clock.wallTime() - Double(lookBack.components.seconds)
    return try await settle(batches(since: since, withoutMetadata: false))
  }

  /// Posts, and reconciles when the outcome is not known.
  func run() async throws(BatchClientError) -> Batch {
    let intent = client.configuration.clock.wallTime()
    let deadline = options.timeout.map { client.configuration.clock.now().advanced(by: $0) }
    let first: BatchClientError
    do throws(BatchClientError) {
      return try await post(until: deadline)
    } catch {
      guard Self.isAmbiguous(error) else { throw error }
      first = error
    }
    do throws(BatchClientError) {
      if let batch = try await adopt(since: intent) { return batch }
      try await pause(until: deadline)
      if let batch = try await adopt(since: intent) { return batch }
      let second: Result<Batch, BatchClientError>
      do throws(BatchClientError) {
        second = .success(try await post(until: deadline))
      } catch {
        guard Self.isAmbiguous(error) else { throw error }
        second = .failure(error)
      }
      // The first request may have been slow, not lost: then there are two now, and one goes.
      if let batch = try? await adopt(since: intent) { return batch }
      if case .success(let batch) = second { return batch }
      try await pause(until: deadline)
      if let batch = try await adopt(since: intent) { return batch }
      throw first
    } catch {
      if error.isCancellation {
        var error = error
        error.key = BatchKey(name)
        throw error
      }
      throw .outcomeUnknown(Self.isAmbiguous(error) ? first : error, key: BatchKey(name))
    }
  }

  /// Whether the service may have created a batch all the same.
  static func isAmbiguous(_ error: BatchClientError) -> Bool {
    if let failure = error.underlying as? TransportFailure {
      return failure.mayHaveReachedServer && failure.kind != .cancelled
    }
    if let status = error.status, error.kind != .malformedResponse { return status == 408 || status >= 500 }
    // A 2xx whose body says nothing usable: a batch was made, and its id is lost.
    return error.kind == .malformedResponse
  }

  private func post(until deadline: ContinuousClock.Instant?) async throws(BatchClientError) -> Batch {
    do throws(BatchClientError) {
      return try await client.perform(operation, remaining(until: deadline))
    } catch {
      // The caller is gone and cannot wait for the list; the key lets it ask later.
      var error = error
      if error.isCancellation { error.key = BatchKey(name) }
      throw error
    }
  }

  /// The oldest batch that carries the mark, after its twins were cancelled; else one that must be ours though
  /// the provider dropped its metadata.
  private func adopt(since intent: Double) async throws(BatchClientError) -> Batch? {
    try await settle(batches(since: intent - Self.clockMargin, withoutMetadata: true))
  }

  private func batches(since: Double, withoutMetadata: Bool) async throws(BatchClientError) -> [Batch] {
    var found: [Batch] = []
    let list = client.batches(createdSince: Date(timeIntervalSince1970: since), options: listOptions)
    for try await batch in list {
      let isMarked = batch.metadata?[BatchKey.metadataKey] == name
      let isUnmarkedTwin =
        withoutMetadata && batch.metadata?.isEmpty != false && batch.inputFileID == request.inputFileID
        && batch.endpoint == request.endpoint
      if isMarked || isUnmarkedTwin { found.append(batch) }
    }
    return found
  }

  private func settle(_ batches: [Batch]) async throws(BatchClientError) -> Batch? {
    let marked = batches.filter { $0.metadata?[BatchKey.metadataKey] == name }
    if !marked.isEmpty { return try await client.keepOldest(of: marked, options: listOptions) }
    // Without the mark nobody knows whose the others are: none of them is cancelled.
    return batches.min { ($0.createdAt, $0.id.rawValue) < ($1.createdAt, $1.id.rawValue) }
  }

  private func pause(until deadline: ContinuousClock.Instant?) async throws(BatchClientError) {
    let clock = client.configuration.clock
    if let deadline, clock.now().advanced(by: Self.lookAgainAfter) >= deadline {
      throw BatchClientError(
        .timedOut, operation: "createBatch", "The call's timeout leaves no time to look for the batch again.")
    }
    do {
      try await clock.sleep(Self.lookAgainAfter)
    } catch {
      throw .cancelled("createBatch")
    }
  }

  private func remaining(until deadline: ContinuousClock.Instant?) -> CallOptions {
    guard let deadline else { return options }
    var options = options
    options.timeout = client.configuration.clock.now().duration(to: deadline)
    return options
  }

  /// The caller's headers and query, not its timeout: finding out what happened must not be cut short.
  private var listOptions: CallOptions {
    var options = options
    options.timeout = nil
    return options
  }
}

extension BatchClientError {
  static func outcomeUnknown(_ cause: BatchClientError, key: BatchKey?) -> BatchClientError {
    let advice =
      key == nil
      ? "List the batches to see, before creating another."
      : "Call createBatch again with the same request and this key: it adopts the batch if there is one."
    var error = BatchClientError(
      .outcomeUnknown, operation: "createBatch",
      "Nobody knows whether the batch was created (\(cause.message)). \(advice)", attempts: cause.attempts,
      underlying: cause)
    error.status = cause.status
    error.requestID = cause.requestID
    error.apiError = cause.apiError
    error.key = key
    return error
  }
}
