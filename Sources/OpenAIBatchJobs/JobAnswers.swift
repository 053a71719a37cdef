// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch
internal import OpenAIBatchJSON

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
    let files: [FileID]
    do throws(BatchClientError) {
      files = try batch.resultFiles()
    } catch  where error.kind == .noResults {
      // Cancelled or expired before a row ran: every row is missing, and the output says so.
      files = []
    }
    for file in files {
      for try await line in JSONLines(client.content(of: file)) {
        do throws(FileFailure) {
          try add(line)
        } catch {
          throw BatchClientError(.file, operation: "fetchResults", error.description, underlying: error)
        }
      }
    }
  }

  private mutating func add(_ line: JSONLine) throws(FileFailure) {
    let result = BatchResult(line: line)
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
    entry.offset = try spool.append(line.bytes)
    entries[result.customID] = entry
  }

  /// Writes one line for each row of the input, in its order.
  func write(rowsOf input: String, to sink: JobOutput, batch: Batch) throws(BatchClientError) -> JobReport {
    var report = JobReport(batch: batch)
    report.duplicates = duplicates
    var used = 0
    do throws(FileFailure) {
      try RequestLine.forEach(in: input) { _, row throws(FileFailure) in
        guard let id = row.customID else { return }
        report.rows += 1
        if let entry = entries[id] {
          used += 1
          report.count(entry.failure, entry.code, id)
          try sink.write(try spool.read(at: entry.offset, count: entry.length))
        } else {
          report.count(.missing, RowFailure.Kind.missing.rawValue, id)
          try sink.write(Self.missingLine(id))
        }
      }
      try sink.commit()
    } catch {
      throw BatchClientError(.file, operation: "writeAnswers", error.description, underlying: error)
    }
    report.unexpected = entries.count - used + nameless
    return report
  }

  /// A line in the service's shape for a row that came back in neither file.
  private static func missingLine(_ id: String) -> [UInt8] {
    let name = (try? JSONText.encode(id)) ?? Array("\"\"".utf8)
    return Array(#"{"id":null,"custom_id":"#.utf8) + name
      + Array(
        #","response":null,"error":{"code":"missing","message":"The row came back in neither the output nor the error file."}}"#
          .utf8)
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
