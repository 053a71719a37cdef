// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch

/// What a model was asked to answer with.
struct Label: Decodable, Sendable {
  var label: String
}

/// Waits, reads both result files as one stream, and accounts for every row.
func results(_ client: BatchClient, of batch: Batch, input: String) async throws -> BatchAudit {
  for try await update in client.updates(of: batch.id, polling: .every(.milliseconds(20))) {
    print(update.status, update.requestCounts)
  }
  let done = try await client.waitUntilEnded(batch.id)
  for try await result in client.results(of: done) {
    switch result.outcome {
    case .success(let response): print(result.customID, response.outputText ?? "")
    case .failure(let failure): print(result.customID, failure)
    }
  }
  for try await result in client.results(of: done.id, as: Label.self) {
    switch result.outcome {
    case .success(let label): print(result.customID, label.label)
    case .failure(let failure): print(result.customID, failure.kind, failure.isRetryable, failure.raw.count)
    }
  }
  let audit = try await client.audit(done, input: input)
  try audit.requireComplete()
  return audit
}

/// The fields of an answer.
func describe(_ response: BatchResponse) throws -> [String] {
  [
    "\(response.statusCode)", response.requestID ?? "", "\(response.body.count)", response.outputText ?? "",
    response.refusal ?? "", response.finishReason ?? "", "\(response.usage?.totalTokens ?? 0)",
    try response.decode(as: Label.self).label,
  ]
}
