// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch
internal import OpenAIBatchCurl
internal import OpenAIBatchURLSession

/// How many answers were expected, and how many were as they should be.
struct Count {
  var expected: Int
  var right: Int
}

/// What to measure, from the command line.
struct Measurement {
  enum Work: String, CaseIterable {
    /// One batch again and again, one call at a time.
    case retrieve
    /// The same with many calls in flight.
    case concurrent
    /// All batches, in pages of 100.
    case list
    /// An output file, streamed; of each line the row's name, the status, the total tokens and the text.
    case output
    /// A file, sent.
    case upload
    /// The output file, to a path: synced to the disk and checked.
    case download
  }

  /// The command line is wrong.
  struct Misuse: Error, CustomStringConvertible {
    let description =
      "usage: batch-peers \(Work.allCases.map(\.rawValue).joined(separator: "|")) "
      + "curl|urlsession [N] [IN_FLIGHT] [PATH]"
  }

  let work: Work
  let transport: any Transport
  let number: Int
  let inFlight: Int
  /// What is uploaded, or where to download to.
  let path: String?

  init(_ arguments: ArraySlice<String>) throws(Misuse) {
    var words = Array(arguments)
    guard 2...5 ~= words.count, let work = Work(rawValue: words[0]) else { throw Misuse() }
    path = work == .upload || work == .download ? words.removeLast() : nil
    guard words.count > 1 else { throw Misuse() }
    let numbers = words.dropFirst(2).compactMap(Int.init)
    guard numbers.count == words.count - 2, numbers.allSatisfy({ $0 > 0 }) else { throw Misuse() }
    self.work = work
    number = numbers.first ?? 1000
    inFlight = numbers.count > 1 ? numbers[1] : 64
    switch words[1] {
    case "curl": transport = CurlTransport(.init(maxConnections: inFlight))
    case "urlsession": transport = URLSessionTransport(.init(maxConnections: inFlight))
    default: throw Misuse()
    }
  }

  func run(_ client: BatchClient) async throws -> Count {
    switch work {
    case .retrieve: try await retrieve(client)
    case .concurrent: try await concurrent(client)
    case .list: try await list(client)
    case .output: try await output(client)
    case .upload: try await upload(client)
    case .download: try await download(client)
    }
  }

  private static let batchID: BatchID = "batch_abc123"

  private static func isRight(_ batch: Batch) -> Bool {
    batch.id == batchID && batch.requestCounts.total == 50_500
  }

  private func retrieve(_ client: BatchClient) async throws -> Count {
    var right = 0
    for _ in 0..<number where Self.isRight(try await client.retrieveBatch(Self.batchID)) {
      right += 1
    }
    return Count(expected: number, right: right)
  }

  private func concurrent(_ client: BatchClient) async throws -> Count {
    let share = number / inFlight
    let rest = number % inFlight
    let right = try await withThrowingTaskGroup(of: Int.self) { group in
      for worker in 0..<inFlight {
        let calls = share + (worker < rest ? 1 : 0)
        group.addTask {
          var right = 0
          for _ in 0..<calls where Self.isRight(try await client.retrieveBatch(Self.batchID)) {
            right += 1
          }
          return right
        }
      }
      return try await group.reduce(0, +)
    }
    return Count(expected: number, right: right)
  }

  /// Counts pages, as every contestant does: 100 of 100 batches.
  private func list(_ client: BatchClient) async throws -> Count {
    var batches = 0
    for try await batch in client.batches(pageSize: 100) where !batch.id.rawValue.isEmpty {
      batches += 1
    }
    return Count(expected: 100, right: batches == 10_000 ? 100 : 0)
  }

  /// Counts lines; the whole file, whatever N is.
  private func output(_ client: BatchClient) async throws -> Count {
    var batch = try await client.retrieveBatch(Self.batchID)
    batch.errorFileID = nil
    var count = Count(expected: 0, right: 0)
    for try await result in client.results(of: batch) {
      count.expected += 1
      if case .success(let answer) = result.outcome, answer.statusCode == 200, !result.customID.isEmpty,
        answer.outputText != nil, let usage = answer.usage, usage.totalTokens > 0
      {
        count.right += 1
      }
    }
    return count
  }

  private func upload(_ client: BatchClient) async throws -> Count {
    let file = try await client.uploadFile(at: path ?? "")
    return Count(expected: 1, right: file.id.rawValue.isEmpty ? 0 : 1)
  }

  private func download(_ client: BatchClient) async throws -> Count {
    let count = try await client.downloadFile("file-out", to: path ?? "", overwriting: true)
    return Count(expected: 1, right: count > 0 ? 1 : 0)
  }
}
