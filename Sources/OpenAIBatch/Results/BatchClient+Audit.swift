// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
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
    var states: [RowID: RowState] = [:]
    do throws(FileFailure) {
      var rows = try RequestLineReader(path: input)
      while let line = try rows.nextLine() {
        audit.rows += 1
        let id = (try? line.parse()).flatMap { RequestLine($0, number: line.number).customID }.map(RowID.init)
        if let id, !id.text.isEmpty, states.updateValue(.waiting, forKey: id) == nil { continue }
        audit.count(.unjoinable(customID: id?.text ?? ""))
      }
    } catch {
      throw BatchClientError(error, operation: "audit")
    }
    var failures: [RowID: BatchResult<BatchResponse>] = [:]
    do throws(BatchClientError) {
      for try await result in results(of: batch, options: options) {
        let id = RowID(result.customID)
        switch (states[id], result.outcome) {
        case (nil, _):
          audit.countUnexpected(id.text)
        case (.answered, _), (.failed, .failure):
          audit.countDuplicate(id.text)
        case (.waiting, .failure(let failure)):
          states[id] = .failed
          // The line itself is not needed to count it.
          let bare = RowFailure(
            failure.kind, failure.message, statusCode: failure.statusCode, code: failure.code)
          failures[id] = BatchResult(customID: id.text, outcome: .failure(bare))
        case (let state, .success):
          if state == .failed { audit.countDuplicate(id.text) }
          failures[id] = nil
          states[id] = .answered
          audit.count(result)
        }
      }
    } catch {
      // A batch that was cancelled before it ran has no files: all its rows are missing.
      guard error.kind == .noResults else { throw error }
    }
    for (id, state) in states where state != .answered {
      audit.count(failures[id] ?? .missing(customID: id.text))
    }
    audit.groups.sort {
      ($1.count, $0.kind.rawValue, $0.exampleID) < ($0.count, $1.kind.rawValue, $1.exampleID)
    }
    return audit
  }
}

private enum RowState {
  case waiting, answered, failed
}

extension BatchResult where Value == BatchResponse {
  fileprivate static func unjoinable(customID: String) -> Self {
    Self(
      customID: customID,
      outcome: .failure(RowFailure(.invalid, "The row of the input has no custom_id of its own.")))
  }
}
