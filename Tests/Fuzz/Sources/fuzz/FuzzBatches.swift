// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import OpenAIBatchModels

/// What the service sends about batches and files: tolerant reading gives a value that comes round, or an error.
func fuzzBatches(_ bytes: [UInt8]) {
  comesRound(Batch.self, bytes)
  comesRound(FileObject.self, bytes)
  _ = try? JSONText.decode(FileDeletion.self, from: bytes[...])
  if let list = try? JSONText.decode(ListEnvelope<Batch>.self, from: bytes[...]) {
    let page = ListBatchesResponse(list, limit: 2)
    check(page.data.isEmpty || page.lastID != nil, "a page without an end")
    for batch in page.data { read(batch) }
  }
  if let list = try? JSONText.decode(ListEnvelope<FileObject>.self, from: bytes[...]) {
    let page = ListFilesResponse(list, limit: 2)
    check(page.data.isEmpty || page.lastID != nil, "a page without an end")
  }
  if let batch = try? JSONText.decode(Batch.self, from: bytes[...]) { read(batch) }
}

private func read(_ batch: Batch) {
  check(batch.requestCounts.unfinished >= 0 && batch.requestCounts.ended >= 0, "less than nothing")
  check((batch.failure == nil) == (batch.status != .failed), "a failure that is none")
  check(batch.errors.allSatisfy { !$0.description.isEmpty }, "an error that says nothing")
}

private func comesRound<Model: Codable & Equatable>(_ type: Model.Type, _ bytes: [UInt8]) {
  guard let model = try? JSONText.decode(type, from: bytes[...]) else { return }
  let text = (try? JSONText.encode(model)) ?? []
  check((try? JSONText.decode(type, from: text[...])) == model, "\(model) comes round as another")
}
