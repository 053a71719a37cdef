// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

/// The input, the output file and the error file of a batch that went wrong in every way.
///
/// Of each 1,000 rows 10 were refused and 5 not run. Of all rows 3 are in neither file, 2 are there twice, and there
/// is one line for a row of another batch. The lines have no order.
struct ResultFolder {
  let path: String

  var input: String { path(of: "input") }

  func path(of name: String) -> String { "\(path)/\(name).jsonl" }

  var batch: Batch {
    var batch = Batch(
      id: "batch_1", endpoint: .chatCompletions, inputFileID: "input", status: .completed,
      createdAt: Date(timeIntervalSince1970: 1_800_000_000))
    batch.outputFileID = "output"
    batch.errorFileID = "error"
    return batch
  }

  var resultBytes: Int64 {
    get throws { try ["output", "error"].reduce(0) { $0 + (try FileBytes(path: path(of: $1)).length) } }
  }

  /// What became of a row.
  private enum Fate { case answered, rejected, notRun, lost, twice }

  private static func fate(of row: Int) -> Fate {
    switch row {
    case 101, 202, 303: .lost
    case 404, 505: .twice
    default:
      switch row % 1000 {
      case 0..<10: .rejected
      case 10..<15: .notRun
      default: .answered
      }
    }
  }

  // MARK: Making

  func make(rows: Int, lineLength: Int) throws {
    let input = try Writer(path(of: "input"))
    for row in 0..<rows {
      input.write(
        "{\"custom_id\":\"request-\(row)\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":"
          + "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"Question \(row)?\"}]}}\n"
      )
    }
    try input.close()

    let output = try Writer(path(of: "output"))
    let errors = try Writer(path(of: "error"))
    let text = String(repeating: "The answer is in the batch. ", count: max(1, lineLength / 28 - 16))
    output.write(Self.answer("of-another-batch", text))
    // A stride without a common divisor with the number of rows visits each row once, far apart.
    var stride = rows / 5 * 3 + 1
    while Self.divisor(stride, rows) > 1 { stride += 1 }
    var row = 7 % rows
    for _ in 0..<rows {
      let id = "request-\(row)"
      switch Self.fate(of: row) {
      case .answered: output.write(Self.answer(id, text))
      case .rejected: errors.write(Self.rejection(id))
      case .notRun: errors.write(Self.expiry(id))
      case .lost: break
      case .twice:
        output.write(Self.answer(id, text))
        output.write(Self.answer(id, text))
      }
      row = (row + stride) % rows
    }
    try output.close()
    try errors.close()
  }

  private static func divisor(_ one: Int, _ other: Int) -> Int {
    other == 0 ? one : divisor(other, one % other)
  }

  private static func answer(_ id: String, _ text: String) -> String {
    #"{"id":"batch_req_1","custom_id":"\#(id)","response":{"status_code":200,"request_id":"req_1","body":"#
      + #"{"id":"chatcmpl-1","object":"chat.completion","created":1762003000,"model":"gpt-4o-mini","choices":"#
      + #"[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":"stop"}],"usage":"#
      + #"{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}},"error":null}"# + "\n"
  }

  private static func rejection(_ id: String) -> String {
    #"{"id":"batch_req_1","custom_id":"\#(id)","response":{"status_code":400,"request_id":"req_1","body":"#
      + #"{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":"invalid_value"}}},"error":null}"#
      + "\n"
  }

  private static func expiry(_ id: String) -> String {
    #"{"id":"batch_req_1","custom_id":"\#(id)","response":null,"error":{"code":"batch_expired","message":"Late."}}"#
      + "\n"
  }

  // MARK: Checking

  func check(_ audit: BatchAudit) throws {
    var expected: [RowFailure.Kind: Int] = [.missing: 3]
    var answered = 0
    for row in 0..<audit.rows {
      switch Self.fate(of: row) {
      case .answered, .twice: answered += 1
      case .rejected: expected[.rejected, default: 0] += 1
      case .notRun: expected[.expired, default: 0] += 1
      case .lost: break
      }
    }
    guard audit.answered == answered, audit.failed == expected, audit.duplicates == 2,
      audit.unexpectedIDs == ["of-another-batch"], audit.unexpected == 1,
      audit.usage.totalTokens == 3 * answered
    else { throw Complaint("The audit is wrong: \(audit)") }
  }

  /// Checks that each row is in its place, and returns their number.
  func checkOrder(of results: BatchResults) async throws -> Int {
    var row = 0
    for try await result in results {
      let isRight =
        switch (Self.fate(of: row), result.outcome) {
        case (.answered, .success), (.twice, .success): true
        case (.rejected, .failure(let failure)): failure.kind == .rejected
        case (.notRun, .failure(let failure)): failure.kind == .expired
        case (.lost, .failure(let failure)): failure.kind == .missing
        default: false
        }
      guard isRight, result.customID == "request-\(row)" else {
        throw Complaint("Row \(row) is wrong: \(result)")
      }
      row += 1
    }
    return row
  }
}

/// Writes a file in large pieces.
private final class Writer {
  private let file: UnsafeMutablePointer<FILE>

  init(_ path: String) throws {
    guard let file = fopen(path, "w") else { throw Complaint("\(path): \(String(cString: strerror(errno)))") }
    self.file = file
  }

  func write(_ text: String) {
    var text = text
    text.withUTF8 { _ = fwrite($0.baseAddress, 1, $0.count, file) }
  }

  /// Ends the file; says whether everything was written.
  func close() throws {
    let isGood = ferror(file) == 0
    guard fclose(file) == 0, isGood else { throw Complaint("The disk does not take the file.") }
  }
}

struct Complaint: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
