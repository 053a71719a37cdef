// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import OpenAIBatchModels

/// Result lines, and everything that can be asked of a result.
func fuzzResults(_ bytes: [UInt8]) {
  _ = APIError(body: bytes)?.description
  var splitter = JSONLineSplitter()
  splitter.append(bytes[...])
  while let line = splitter.next() ?? splitter.finish() {
    let result = BatchResult<BatchResponse>(line: line)
    switch result.outcome {
    case .success(let response): read(response, of: result, line)
    case .failure(let failure):
      check(failure.raw == Array(line.bytes) && !failure.message.isEmpty, "a failure that says nothing")
      _ = (failure.isRetryable, failure.description, result.id)
      let standIn = result.standInLine
      check((try? JSONValue(parsing: standIn)) != nil, "a line that cannot be read: \(standIn)")
    }
    if !line.hasLineFeed { break }
  }
}

private func read(_ response: BatchResponse, of result: BatchResult<BatchResponse>, _ line: JSONLine) {
  check(200..<300 ~= response.statusCode, "an answer with status \(response.statusCode)")
  check((try? JSONValue(parsing: response.body)) != nil, "a body that cannot be read")
  check(BatchResult(line: line) == result, "the same line reads as another result")
  _ = (result.id, response.requestID, response.outputText, response.refusal, response.finishReason)
  _ = (response.usage, response.embedding, response.embeddings, response.moderations, response.isFlagged)
  if case .failure(let failure) = result.decoded(as: FuzzRecord.self).outcome {
    check(
      failure.kind == .undecodable && failure.raw == response.body, "an answer that does not fit got lost")
  }
}
