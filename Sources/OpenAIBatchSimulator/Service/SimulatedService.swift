// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes
internal import OpenAIBatchTransport
internal import Synchronization

/// The service behind a simulator: one function from request to response, whichever way requests arrive.
final class SimulatedService: Sendable {
  let surroundings: BatchSurroundings
  let timings: BatchSimulator.Timings
  let uploads = UploadStore()
  private let apiKey: String?
  private let state: Mutex<State>

  private struct State {
    var generator: SeededGenerator
    var faults: FaultQueue
    var requestCounts: [BatchSimulator.Operation: Int] = [:]
    var batches = CursorList<BatchRecord>()
  }

  var time: SimulatedTime { surroundings.time }
  var files: FileStore { surroundings.files }

  init(_ configuration: BatchSimulator.Configuration) {
    surroundings = BatchSurroundings(
      time: SimulatedTime(
        clock: configuration.clock, start: configuration.startTime, speed: configuration.speed),
      files: FileStore(parent: configuration.directory),
      queuedTokens: QueuedTokens(limit: configuration.queuedTokenLimit),
      models: configuration.models,
      answer: configuration.answer)
    timings = configuration.timings
    apiKey = configuration.apiKey
    state = Mutex(
      State(generator: SeededGenerator(seed: configuration.seed), faults: FaultQueue(configuration.faults)))
  }

  func inject(_ fault: BatchSimulator.Fault) {
    state.withLock { $0.faults.append(fault) }
  }

  func requestCount(of operation: BatchSimulator.Operation) -> Int {
    state.withLock { $0.requestCounts[operation, default: 0] }
  }

  /// Answers one request.
  func respond(to request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    let arrival = time.now
    var limit: Int?
    var reply: ServiceReply
    do throws(RequestFailure) {
      (reply, limit) = try await answer(request)
    } catch {
      switch error {
      case .transport(let failure): throw failure
      case .service(let error): reply = ServiceReply(error)
      }
    }
    reply.headers[.xRequestID] = "req_\(withGenerator { $0.hexadecimalID() })"
    reply.headers[.openAIProcessingTime] = String(time.realMilliseconds(from: arrival, to: time.now))
    reply.headers[.openAIVersion] = "2020-10-01"
    return reply.response(truncatedAfter: limit)
  }

  private func answer(_ request: TransportRequest) async throws(RequestFailure) -> (ServiceReply, limit: Int?)
  {
    let route: Route
    do throws(ServiceError) {
      try authenticate(request.head)
      route = try Route(request.head)
    } catch {
      throw .service(error)
    }
    let faults = state.withLock { state in
      state.requestCounts[route.operation, default: 0] += 1
      return state.faults.take(for: route.operation)
    }
    var isLost = false
    var limit: Int?
    for fault in faults {
      switch fault {
      case .refuse(let status, let code, let retryAfter):
        throw .service(.injected(status: status, code: code, retryAfter: retryAfter))
      case .delay(let duration): try? await time.sleep(for: duration)
      case .truncate(let bytes): limit = bytes
      case .loseResponse: isLost = true
      }
    }
    guard !Task.isCancelled else { throw .transport(.cancelled(mayHaveReachedServer: true)) }
    let lost = TransportFailure(.interrupted, "The simulator broke the connection before its response.")
    do throws(RequestFailure) {
      let reply = try await perform(route, request)
      if !isLost { return (reply, limit) }
    } catch {
      // An error of the service is lost on the way like any other response.
      guard isLost, case .service = error else { throw error }
    }
    throw .transport(lost)
  }

  private func authenticate(_ head: HTTPRequest) throws(ServiceError) {
    let words = (head.headerFields[.authorization] ?? "").split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer" else { throw .missingKey }
    guard apiKey.map({ words[1] == $0 }) ?? true else { throw .wrongKey }
  }

  private func perform(_ route: Route, _ request: TransportRequest) async throws(RequestFailure)
    -> ServiceReply
  {
    switch route.operation {
    case .createBatch: try await createBatch(request)
    case .retrieveBatch: try await retrieveBatch(route.id)
    case .cancelBatch: try await cancelBatch(route.id)
    case .listBatches: try await listBatches(route)
    case .uploadFile: try await uploadFile(request)
    case .listFiles: try await listFiles(route)
    case .retrieveFile: try retrieveFile(route.id)
    case .deleteFile: try deleteFile(route.id)
    case .fileContent: try fileContent(route.id, range: request.head.headerFields[.range])
    case .createUpload: try await createUpload(request)
    case .addUploadPart: try await addUploadPart(route.id, request)
    case .completeUpload: try await completeUpload(route.id, request)
    case .cancelUpload: try cancelUpload(route.id)
    }
  }

  // MARK: State

  func withGenerator<Value>(_ body: (inout SeededGenerator) -> Value) -> Value {
    state.withLock { body(&$0.generator) }
  }

  /// Adds the batch that `make` returns, and gives it the faults that wait for one.
  func addBatch(_ make: (BatchFaults, inout SeededGenerator) -> BatchRun) -> BatchRun {
    state.withLock { state in
      let faults = state.faults.takeForBatch()
      let run = make(faults, &state.generator)
      state.batches.append(BatchRecord(run, in: surroundings), id: run.id)
      return run
    }
  }

  func batch(_ id: String) -> BatchRecord? {
    state.withLock { $0.batches[id] }
  }

  /// A page of batches, newest first; `nil` when there is none with the id `cursor`.
  func batches(after cursor: String?, limit: Int) -> CursorList<BatchRecord>.Page? {
    state.withLock { $0.batches.page(after: cursor, limit: limit, newestFirst: true) }
  }

  var allBatches: [BatchRecord] {
    state.withLock { $0.batches.all.map(\.value) }
  }
}

/// Why a request was not answered as asked.
enum RequestFailure: Error {
  /// The service refuses.
  case service(ServiceError)
  /// There is no response at all.
  case transport(TransportFailure)
}

extension RequestFailure {
  static func disk(_ failure: FileFailure) -> RequestFailure { .service(.server("\(failure)")) }
}
