// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels
internal import OpenAIBatchTransport

extension BatchClient {
  /// Accounts for every row of a batch that has ended.
  ///
  /// ```swift
  /// let audit = try await client.audit(done, input: "requests.jsonl")
  /// try audit.requireComplete()
  /// ```
  ///
  /// The counts always sum to the rows of the input: what came back in neither file is counted as missing. Of
  /// several results for one row the first answer counts, else the first failure. Holds the ids of the input
  /// in memory, not the results.
  ///
  /// - Parameters:
  ///   - batch: A batch that has ended.
  ///   - input: The path of the file that was uploaded for it.
  ///   - options: What the calls do differently.
  public func audit(
    _ batch: Batch, input: String, options: CallOptions = CallOptions()
  ) async throws(BatchClientError) -> BatchAudit {
    var audit = BatchAudit()
    var states: [String: RowState] = [:]
    do throws(FileFailure) {
      var rows = try RequestLineReader(path: input)
      while let row = try rows.next() {
        guard let id = row.customID else { continue }
        audit.rows += 1
        states[id] = .waiting
      }
    } catch {
      throw BatchClientError(error, operation: "audit")
    }
    var failures: [String: BatchResult<BatchResponse>] = [:]
    for try await result in results(of: batch, options: options) {
      switch (states[result.customID], result.outcome) {
      case (nil, _):
        audit.countUnexpected(result.customID)
      case (.answered, _), (.failed, .failure):
        audit.countDuplicate(result.customID)
      case (.waiting, .failure(let failure)):
        states[result.customID] = .failed
        // The line itself is not needed to count it.
        let bare = RowFailure(
          failure.kind, failure.message, statusCode: failure.statusCode, code: failure.code)
        failures[result.customID] = BatchResult(customID: result.customID, outcome: .failure(bare))
      case (let state, .success):
        if state == .failed { audit.countDuplicate(result.customID) }
        failures[result.customID] = nil
        states[result.customID] = .answered
        audit.count(result)
      }
    }
    for (id, state) in states where state != .answered {
      audit.count(failures[id] ?? .missing(customID: id))
    }
    audit.groups.sort { ($1.count, $0.kind.rawValue) < ($0.count, $1.kind.rawValue) }
    return audit
  }
}

private enum RowState {
  case waiting, answered, failed
}
