// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch

/// A server of a batch and of its files' contents; what is not there is a 404.
func resultServer(_ files: [String: String], batch: String? = nil) -> ScriptedTransport {
  ScriptedTransport { request in
    let parts = request.path.split(separator: "/").map(String.init)
    if parts.count == 3, parts[1] == "batches", let batch { return Reply(200, batch) }
    guard parts.count == 4, parts[3] == "content", let content = files[parts[2]] else {
      return Reply(404, #"{"error":{"message":"No such File object.","param":"id"}}"#)
    }
    return Reply(200, content)
  }
}

/// A batch that has ended, with its files.
func endedBatch(
  _ status: BatchStatus = .completed, output: FileID? = nil, error: FileID? = nil, errors: [BatchError] = []
) -> Batch {
  var batch = Batch(
    id: "batch_1", endpoint: .responses, inputFileID: "file-1", status: status,
    createdAt: Date(timeIntervalSince1970: testEpoch))
  batch.outputFileID = output
  batch.errorFileID = error
  batch.errors = errors
  return batch
}

/// A line of a result file: an answer.
func answerLine(_ id: String, _ text: String = "yes", tokens: Int = 3) -> String {
  #"{"id":"r","custom_id":"\#(id)","response":{"status_code":200,"request_id":"req","body":"#
    + #"{"choices":[{"message":{"content":"\#(text)"}}],"usage":{"prompt_tokens":1,"completion_tokens":\#(tokens - 1),"#
    + #""total_tokens":\#(tokens)}}},"error":null}"#
}

/// A line of a result file: the endpoint's error.
func rejectionLine(_ id: String, status: Int = 400, code: String = "invalid_value") -> String {
  #"{"id":"r","custom_id":"\#(id)","response":{"status_code":\#(status),"request_id":"","body":"#
    + #"{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":"\#(code)"}}},"error":null}"#
}

/// A line of a result file: a row that was not run.
func notRunLine(_ id: String, code: String = "batch_expired") -> String {
  #"{"id":"r","custom_id":"\#(id)","response":null,"error":{"code":"\#(code)","message":"Not run."}}"#
}

/// Lines as a file.
func lines(_ lines: String...) -> String { lines.map { $0 + "\n" }.joined() }

/// A result in a few words.
func words(_ result: BatchResult<BatchResponse>) -> String {
  switch result.outcome {
  case .success(let response): "\(result.customID)=\(response.outputText ?? "?")"
  case .failure(let failure): "\(result.customID)!\(failure.kind)"
  }
}
