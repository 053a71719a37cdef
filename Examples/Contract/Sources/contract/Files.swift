// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch

/// A row's source.
struct Ticket: Sendable {
  var id: String
  var text: String
}

/// A chat request; the body of a row is any `Encodable`.
struct Prompt: Encodable, Sendable {
  struct Message: Encodable, Sendable {
    var role = "user"
    var content: String
  }

  var model = "gpt-4o-mini"
  var messages: [Message]

  init(_ ticket: Ticket) {
    messages = [Message(content: ticket.text)]
  }
}

/// Rows are written, checked and uploaded as one file.
func rows(_ client: BatchClient, _ tickets: [Ticket]) async throws -> FileObject {
  let rows = tickets.map { BatchRequest(customID: $0.id, endpoint: .chatCompletions, body: Prompt($0)) }
  let uploaded = try await client.uploadRequests(rows)
  let (stream, continuation) = AsyncStream.makeStream(
    of: BatchRequest.self, bufferingPolicy: .bufferingOldest(10))
  rows.prefix(10).forEach { continuation.yield($0) }
  continuation.finish()
  let streamed = try await client.uploadRequests(stream)
  try await client.deleteFile(streamed.id)
  return uploaded
}

/// Files go up, are listed, come down, and go away.
func files(_ client: BatchClient, in folder: String) async throws {
  func consume(_ bytes: ArraySlice<UInt8>) { print(bytes.count, "bytes") }
  let file = try await client.uploadFile(at: "\(folder)/requests.jsonl")
  let other = try await client.uploadFile(Array("{}\n".utf8), named: "other.jsonl", purpose: .batch)
  for try await file in client.files(purpose: .batch) { print(file.id) }
  let page = try await client.listFiles(after: nil, limit: 2, order: .ascending, purpose: .batch)
  let same = try await client.retrieveFile(file.id)
  print(page.data.count, same.bytes == file.bytes)
  try await client.downloadFile(file.id, to: "\(folder)/output.jsonl")
  for try await chunk in client.content(of: file.id) { consume(chunk) }
  try await client.deleteFile(file.id)
  try await client.deleteFile(other.id)
}
