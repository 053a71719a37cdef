// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJobs
import OpenAIBatchTransport
import Synchronization

/// A service that does not show at once what it has.
final class LateService: Transport {
  private struct State {
    var hidden: (batch: String, lists: Int)?
    var missingContents = 0
    var unnamedFiles = 0
  }
  private let service: any Transport
  private let state = Mutex(State())

  init(_ service: any Transport) { self.service = service }

  /// Leaves a batch out of so many lists.
  func hide(_ batch: BatchID, fromLists count: Int) { state.withLock { $0.hidden = (batch.rawValue, count) } }

  /// Answers so many requests for a file's content with 404.
  func missContents(_ count: Int) { state.withLock { $0.missingContents = count } }

  /// Leaves the files out of so many answers about a batch that has them.
  func leaveFilesUnnamed(_ count: Int) { state.withLock { $0.unnamedFiles = count } }

  func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    let path = request.head.path ?? ""
    if path.hasSuffix("/content"), state.withLock({ Self.countDown(&$0.missingContents) }) {
      return TransportResponse(head: HTTPResponse(status: .notFound), body: ResponseBody(bytes: []))
    }
    let hidden = state.withLock { state -> String? in
      guard path.contains("/batches?"), var hidden = state.hidden else { return nil }
      defer { state.hidden = hidden }
      return Self.countDown(&hidden.lists) ? hidden.batch : nil
    }
    let response = try await service.send(request)
    let isOneBatch = request.operation == "retrieveBatch"
    guard hidden != nil || isOneBatch else { return response }
    let head = response.head
    let text = try await response.collect(upTo: 1 << 20)
    var object = (try? JSONSerialization.jsonObject(with: Data(text))) as? [String: Any] ?? [:]
    if let hidden {
      object["data"] = (object["data"] as? [[String: Any]])?.filter { $0["id"] as? String != hidden }
    } else if object["output_file_id"] is String, state.withLock({ Self.countDown(&$0.unnamedFiles) }) {
      object["output_file_id"] = ""
      object["error_file_id"] = nil
    }
    let bytes = (try? JSONSerialization.data(withJSONObject: object)).map(Array.init) ?? []
    var fields = head.headerFields
    fields[.contentLength] = nil
    return TransportResponse(
      head: HTTPResponse(status: head.status, headerFields: fields), body: ResponseBody(bytes: bytes))
  }

  private static func countDown(_ count: inout Int) -> Bool {
    count -= 1
    return count >= 0
  }
}

/// A clock on which a second is a millisecond.
struct FastClock: Clock {
  typealias Instant = ContinuousClock.Instant
  private static let factor = 1000
  private let origin = ContinuousClock.now

  var now: Instant { origin + (ContinuousClock.now - origin) * Self.factor }
  let minimumResolution: Duration = .zero

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    try await ContinuousClock().sleep(until: origin + (deadline - origin) / Self.factor)
  }
}
