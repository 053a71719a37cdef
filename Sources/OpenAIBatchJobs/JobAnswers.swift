// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch

/// The results of a batch on disk, with an index by `custom_id`: answers are written in input order without
/// being held in memory. The index takes about 100 bytes for each row.
struct JobAnswers {
  private struct Entry {
    var offset: Int64
    var length: Int
    var failure: RowFailure.Kind?
    var code: String?
  }

  private let spool: Spool
  private var entries: [String: Entry] = [:]
  private var duplicates = 0
  private var nameless = 0

  /// Fetches both result files.
  init(of batch: Batch, client: BatchClient) async throws(BatchClientError) {
    do throws(FileFailure) {
      spool = try Spool()
    } catch {
      throw BatchClientError(.file, operation: "fetchResults", error.description, underlying: error)
    }
    do throws(BatchClientError) {
      for try await line in client.resultLines(of: batch) { try add(line) }
    } catch  where error.kind == .noResults {
      // Cancelled or expired before a row ran: every row is missing, and the output says so.
    }
  }

  private mutating func add(_ line: ResultLine) throws(BatchClientError) {
    let result = line.result
    guard !result.customID.isEmpty else {
      nameless += 1
      return
    }
    var entry = Entry(offset: 0, length: line.bytes.count, failure: nil, code: nil)
    if case .failure(let failure) = result.outcome {
      entry.failure = failure.kind
      entry.code = failure.code?.rawValue ?? failure.statusCode.map { "status \($0)" }
    }
    if let earlier = entries[result.customID] {
      duplicates += 1
      // Of several results for one row an answer wins over a failure, else the first one counts.
      guard earlier.failure != nil, entry.failure == nil else { return }
    }
    do throws(FileFailure) {
      entry.offset = try spool.append(line.bytes)
    } catch {
      throw BatchClientError(.file, operation: "fetchResults", error.description, underlying: error)
    }
    entries[result.customID] = entry
  }

  /// Writes one line for each row of the input, in its order.
  func write(rowsOf input: String, to sink: JobOutput, batch: Batch) throws(BatchClientError) -> JobReport {
    var report = JobReport(batch: batch)
    report.duplicates = duplicates
    var used = 0
    do throws(FileFailure) {
      var rows = try RequestLineReader(path: input)
      while let row = try rows.next() {
        guard let id = row.customID else { continue }
        report.rows += 1
        if let entry = entries[id] {
          used += 1
          report.count(entry.failure, entry.code, id)
          try sink.write(try spool.read(at: entry.offset, count: entry.length))
        } else {
          report.count(.missing, RowFailure.Kind.missing.rawValue, id)
          try sink.write(BatchResult.missingLine(customID: id))
        }
      }
      try sink.commit()
    } catch {
      throw BatchClientError(.file, operation: "writeAnswers", error.description, underlying: error)
    }
    report.unexpected = entries.count - used + nameless
    return report
  }
}

extension JobReport {
  fileprivate mutating func count(_ failure: RowFailure.Kind?, _ code: String?, _ id: String) {
    guard let failure else {
      answered += 1
      return
    }
    failed[failure, default: 0] += 1
    let code = code ?? failure.rawValue
    if codes[code] != nil {
      codes[code]?.count += 1
    } else if codes.count < 100 {
      codes[code] = Example(count: 1, customID: id)
    }
  }
}
