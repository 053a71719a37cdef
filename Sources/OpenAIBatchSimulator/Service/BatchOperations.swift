// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels
internal import OpenAIBatchTransport

extension SimulatedService {
  /// The longest JSON body that is read.
  private static let maximumBodyLength = 1 << 20

  func createBatch(_ request: TransportRequest) async throws(RequestFailure) -> ServiceReply {
    let body = try await collect(request.body)
    let creation: BatchCreation
    do throws(ServiceError) {
      creation = try BatchCreation(body: body)
    } catch {
      throw .service(error)
    }
    let now = time.now
    let input = files.file(creation.inputFileID, at: time.unixSeconds(now))
    let run = addBatch { faults, generator in
      BatchRun(
        id: "batch_\(generator.hexadecimalID())", creation: creation, input: input?.content,
        timeline: BatchTimeline(
          created: now, window: .seconds(86_400), timings: timings,
          expiresAfterFraction: faults.expiresAfterFraction),
        faults: faults, generator: generator.split())
    }
    return ServiceReply(run.json(time))
  }

  func retrieveBatch(_ id: String) async throws(RequestFailure) -> ServiceReply {
    guard let record = batch(id) else { throw .service(.noBatch(id)) }
    return ServiceReply(await record.run(at: time.now).json(time))
  }

  func cancelBatch(_ id: String) async throws(RequestFailure) -> ServiceReply {
    guard let record = batch(id) else { throw .service(.noBatch(id)) }
    let run = await record.cancel(at: time.now)
    guard run.status == .cancelling || run.status == .cancelled else {
      throw .service(
        ServiceError(status: 409, message: "Cannot cancel a batch with status '\(run.status.rawValue)'."))
    }
    return ServiceReply(run.json(time))
  }

  func listBatches(_ route: Route) async throws(RequestFailure) -> ServiceReply {
    let limit: Int
    do throws(ServiceError) {
      limit = try route.integer("limit", in: 1...100, default: 20)
    } catch {
      throw .service(error)
    }
    let cursor = route.query["after"]
    guard let page = batches(after: cursor, limit: limit) else {
      throw .service(.unknownCursor(cursor ?? ""))
    }
    let now = time.now
    var data: [JSONNode] = []
    for item in page.items { data.append(await item.value.run(at: now).json(time)) }
    return .list(data, ids: page.items.map(\.id), hasMore: page.hasMore)
  }

  /// Reads a request's JSON body.
  func collect(_ body: RequestBody) async throws(RequestFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    try await read(body) { chunk throws(RequestFailure) in
      guard bytes.count + chunk.count <= Self.maximumBodyLength else {
        throw .service(ServiceError(status: 413, message: "The request body is too large."))
      }
      bytes += chunk
    }
    return bytes
  }

  /// Reads a request's body to its end.
  func read(
    _ body: RequestBody, _ take: (ArraySlice<UInt8>) throws(RequestFailure) -> Void
  ) async throws(RequestFailure) {
    let reader: LengthCheckedReader
    do throws(TransportFailure) {
      reader = try await body.open()
    } catch {
      throw .transport(error)
    }
    while true {
      let chunk: ArraySlice<UInt8>?
      do throws(TransportFailure) {
        chunk = try await reader.next()
      } catch {
        throw .transport(error)
      }
      guard !Task.isCancelled else {
        throw .transport(.cancelled(mayHaveReachedServer: true))
      }
      guard let chunk else { return }
      try take(chunk)
    }
  }
}

extension ServiceReply {
  static func list(_ data: [JSONNode], ids: [String], hasMore: Bool) -> ServiceReply {
    ServiceReply([
      "object": "list", "data": .array(data), "first_id": .optional(ids.first),
      "last_id": .optional(ids.last),
      "has_more": .bool(hasMore),
    ])
  }
}
