// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Synchronization

/// The list of batches of a service in memory: only as much of one as creating needs.
final class FakeBatches: Sendable {
  struct Entry: Sendable {
    var id: String
    var createdAt: Int
    var status = "validating"
    var metadata: [String: String]?
    var inputFileID = "file-1"
    var endpoint = "/v1/responses"
  }

  private struct State {
    var entries: [Entry] = []
    var cancelled: [String] = []
  }
  private let state = Mutex(State())
  private let now: @Sendable () -> Int
  /// A provider that does not keep metadata.
  let dropsMetadata: Bool

  init(
    _ entries: [Entry] = [], dropsMetadata: Bool = false,
    now: @escaping @Sendable () -> Int = { Int(testEpoch) }
  ) {
    self.dropsMetadata = dropsMetadata
    self.now = now
    state.withLock { $0.entries = entries }
  }

  var all: [Entry] { state.withLock { $0.entries } }
  /// The batches that nobody cancelled.
  var live: [Entry] { all.filter { $0.status != "cancelling" } }
  /// The ids that were cancelled, in order.
  var cancelled: [String] { state.withLock { $0.cancelled } }

  func add(_ entry: Entry) { state.withLock { $0.entries.append(entry) } }

  /// Answers a request to create, list, retrieve or cancel; `nil` for any other.
  func answer(_ method: String, _ target: String, _ body: [UInt8]) -> (status: Int, text: String)? {
    let path = target.prefix { $0 != "?" }
    switch (method, path.split(separator: "/").dropFirst().map(String.init)) {
    case ("POST", ["batches"]): return (200, create(body))
    case ("GET", ["batches"]): return (200, list(target))
    case ("POST", let parts) where parts.count == 3 && parts[2] == "cancel": return cancel(parts[1])
    case ("GET", let parts) where parts.count == 2:
      return all.first { $0.id == parts[1] }.map { (200, Self.text($0)) } ?? (404, Self.unknown)
    default: return nil
    }
  }

  /// Answers a request of a scripted transport.
  func reply(to request: SentRequest) -> Reply {
    let answer = answer(request.method, request.target, request.body) ?? (404, Self.unknown)
    return Reply(answer.status, answer.text)
  }

  private func create(_ body: [UInt8]) -> String {
    let fields = (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
    return state.withLock { state in
      let entry = Entry(
        id: "batch_\(state.entries.count + 1)", createdAt: now(),
        metadata: dropsMetadata ? nil : fields["metadata"] as? [String: String],
        inputFileID: fields["input_file_id"] as? String ?? "",
        endpoint: fields["endpoint"] as? String ?? "")
      state.entries.append(entry)
      return Self.text(entry)
    }
  }

  private func cancel(_ id: String) -> (Int, String) {
    state.withLock { state in
      guard let index = state.entries.firstIndex(where: { $0.id == id }) else { return (404, Self.unknown) }
      guard state.entries[index].status != "completed" else {
        return (409, #"{"error":{"message":"It has ended.","type":"invalid_request_error"}}"#)
      }
      state.cancelled.append(id)
      state.entries[index].status = "cancelling"
      return (200, Self.text(state.entries[index]))
    }
  }

  /// Newest first.
  private func list(_ target: String) -> String {
    let query = URLComponents(string: "http://h\(target)")?.queryItems ?? []
    let limit = query.first { $0.name == "limit" }.flatMap { Int($0.value ?? "") } ?? 20
    var entries = Array(
      all.enumerated().sorted { ($1.element.createdAt, $1.offset) < ($0.element.createdAt, $0.offset) }.map(
        \.element))
    if let after = query.first(where: { $0.name == "after" })?.value,
      let index = entries.firstIndex(where: { $0.id == after })
    {
      entries.removeFirst(index + 1)
    }
    let page = entries.prefix(limit)
    return "{\"object\":\"list\",\"data\":[\(page.map(Self.text).joined(separator: ","))],"
      + "\"has_more\":\(entries.count > page.count)}"
  }

  static func text(_ entry: Entry) -> String {
    batchText(
      id: entry.id, status: entry.status, createdAt: entry.createdAt,
      fields: [
        "input_file_id": entry.inputFileID, "endpoint": entry.endpoint,
        "metadata": entry.metadata.map { $0 as Any } ?? NSNull(),
      ])
  }

  private static let unknown = #"{"error":{"message":"No such batch.","type":"invalid_request_error"}}"#
}

/// A batch as JSON text.
func batchText(
  id: String = "batch_1", status: String = "completed", createdAt: Int = Int(testEpoch),
  fields: [String: Any] = [:]
) -> String {
  let own: [String: Any] = [
    "id": id, "object": "batch", "endpoint": "/v1/responses", "input_file_id": "file-1",
    "completion_window": "24h", "status": status, "created_at": createdAt,
  ]
  return (try? json(own.merging(fields) { _, new in new })) ?? ""
}

/// A file object as JSON text.
func fileText(id: String = "file-1", bytes: Int = 0, filename: String = "requests.jsonl") -> String {
  """
  {"id":"\(id)","object":"file","bytes":\(bytes),"created_at":1800000000,"filename":"\(filename)","purpose":"batch"}
  """
}
