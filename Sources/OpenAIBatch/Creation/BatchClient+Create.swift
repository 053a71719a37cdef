// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
public import OpenAIBatchModels

extension BatchClient {
  /// Creates a batch: `POST /batches`. A lost answer never makes a second one.
  ///
  /// The request is sent once, and again only after a failure that proves that the service did not take it.
  /// When nobody knows, the list of batches is read for the key's mark: a batch that carries it is returned as
  /// if nothing had happened, a second one is cancelled, and only if there is none is the request sent again.
  ///
  /// - Parameters:
  ///   - request: What the batch is made of; its limits are checked before anything is sent.
  ///   - key: How the batch is found again.
  ///   - lookBack: How far back a key of your own is looked for; 48 hours by default.
  ///   - options: What this call does differently. The timeout covers the looking, too.
  /// - Throws: ``BatchClientError``; kind `outcomeUnknown` carries the key to call again with: also when the batch was
  ///   created and nobody can tell, because the list cannot be read, whether another caller created one under the same
  ///   key meanwhile.
  public func createBatch(
    _ request: CreateBatchRequest, key: BatchKey = .automatic, lookBack: Duration = .seconds(48 * 3600),
    options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> Batch {
    guard let name = key.name else { return try await createOnce(request, options) }
    let stamped = try request.stamped(with: name)
    let operation = try createOperation(stamped, options)
    var creation = BatchCreation(
      client: self, operation: operation, request: stamped, name: name, options: options,
      isNameRandom: key == .automatic, lookBack: lookBack, deadline: deadline(options))
    guard case .named = key.form else { return try await creation.run() }
    if let batch = try await creation.find() { return batch }
    // Somebody else may have looked for the key at the same time, and have found none, too.
    return try await creation.keepOnly(try await creation.run())
  }

  func createOperation(
    _ request: CreateBatchRequest, _ options: CallOptions
  ) throws(BatchClientError) -> BatchOperation<Batch> {
    try .createBatch(request, ExtraFields(configuration.jsonFields, options.jsonFields))
  }

  /// The unguarded create.
  private func createOnce(
    _ request: CreateBatchRequest, _ options: CallOptions
  ) async throws(BatchClientError) -> Batch {
    do throws(BatchClientError) {
      return try await perform(createOperation(request, options), options)
    } catch {
      guard error.isOutcomeUnknown, !error.isCancellation else { throw error }
      throw .outcomeUnknown(error, key: nil)
    }
  }
}

extension BatchKey {
  /// The mark's value; `nil` for an unguarded create.
  fileprivate var name: String? {
    switch form {
    case .unguarded: nil
    case .automatic:
      "auto-" + String(UInt64.random(in: 0 ... .max), radix: 16)
        + String(UInt64.random(in: 0 ... .max), radix: 16)
    case .named(let own): own
    }
  }
}

extension CreateBatchRequest {
  /// The request with the mark by which its batch is found again.
  package func stamped(with name: String) throws(BatchClientError) -> CreateBatchRequest {
    var stamped = self
    var metadata = metadata ?? [:]
    do throws(InvalidParameter) {
      guard metadata.count < 16, metadata[BatchKey.metadataKey] == nil else {
        throw InvalidParameter(
          field: "metadata",
          value: metadata.count >= 16 ? "\(metadata.count) pairs" : "a pair \"\(BatchKey.metadataKey)\"",
          allowed: "at most 15 pairs of your own: \"\(BatchKey.metadataKey)\" is reserved for the key")
      }
      guard 1...512 ~= name.unicodeScalars.count else {
        throw InvalidParameter(
          field: "key", value: "\(name.unicodeScalars.count) characters", allowed: "1…512 characters")
      }
    } catch {
      throw BatchClientError(error, operation: "createBatch")
    }
    metadata[BatchKey.metadataKey] = name
    stamped.metadata = metadata
    return stamped
  }
}
