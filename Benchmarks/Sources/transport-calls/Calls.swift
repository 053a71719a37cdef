// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Measuring
internal import OpenAIBatchCurl
internal import OpenAIBatchTransport
internal import OpenAIBatchURLSession

/// What was done, and how much of it was as it should be.
struct Outcome {
  var expected: Int
  var right: Int
  /// Bytes of file content.
  var bytes = 0
  /// More to print.
  var extra: [(String, any CustomStringConvertible)] = []
}

/// Calls of a transport alone: no client above it, no decoding.
struct Calls {
  enum Work: String, CaseIterable {
    /// `GET /batches/batch_abc123`, one after the other.
    case sequential
    /// The same with many under way.
    case concurrent
    /// The same, all at once: most of them wait for a connection.
    case waiting
    /// `POST /files` with so many MB.
    case upload
    /// `GET /files/file-out/content`.
    case download
  }

  /// The command line or the environment is wrong.
  struct Misuse: Error, CustomStringConvertible {
    let description =
      "usage: transport-calls \(Work.allCases.map(\.rawValue).joined(separator: "|")) "
      + "curl|urlsession [N] [IN_FLIGHT]; OPENAI_BASE_URL=http[s]://HOST:PORT/PATH, OPENAI_API_KEY"
  }

  private let work: Work
  private let transport: any Transport
  private let number: Int
  private let inFlight: Int
  private let scheme: String
  private let authority: String
  private let prefix: String
  private let fields: HTTPFields

  init(_ arguments: ArraySlice<String>, environment: [String: String]) throws(Misuse) {
    let words = Array(arguments)
    guard 2...4 ~= words.count, let work = Work(rawValue: words[0]) else { throw Misuse() }
    let numbers = words.dropFirst(2).compactMap(Int.init)
    guard numbers.count == words.count - 2, numbers.allSatisfy({ $0 > 0 }) else { throw Misuse() }
    self.work = work
    let usual =
      switch work {
      case .sequential, .concurrent, .waiting: 10_000
      case .upload: 200
      case .download: 1
      }
    number = numbers.first ?? usual
    inFlight = numbers.count > 1 ? numbers[1] : 64
    switch words[1] {
    case "curl": transport = CurlTransport(.init(maxConnections: inFlight))
    case "urlsession": transport = URLSessionTransport(.init(maxConnections: inFlight))
    default: throw Misuse()
    }
    let url = environment["OPENAI_BASE_URL", default: ""].split(separator: "/", maxSplits: 3)
    guard url.count > 1, url[0].hasSuffix(":") else { throw Misuse() }
    scheme = String(url[0].dropLast())
    authority = String(url[1])
    prefix = url.dropFirst(2).map { "/\($0)" }.joined()
    fields = [.authorization: "Bearer \(environment["OPENAI_API_KEY", default: ""])"]
  }

  func run() async throws -> Outcome {
    switch work {
    case .sequential:
      return Outcome(expected: number, right: try await retrieve(number))
    case .concurrent:
      return Outcome(expected: number, right: try await concurrent(tasks: inFlight))
    case .waiting:
      return try await waiting()
    case .upload:
      return try await upload()
    case .download:
      return try await download()
    }
  }

  private func request(
    _ method: HTTPRequest.Method, _ path: String, body: RequestBody = .empty,
    timeouts: Timeouts = Timeouts()
  ) -> TransportRequest {
    TransportRequest(
      head: HTTPRequest(
        method: method, scheme: scheme, authority: authority, path: prefix + path, headerFields: fields),
      body: body, timeouts: timeouts, operation: work.rawValue)
  }

  /// Counts those that brought a batch.
  private func retrieve(_ count: Int) async throws -> Int {
    var right = 0
    for _ in 0..<count {
      let response = try await transport.send(request(.get, "/batches/batch_abc123", timeouts: patient))
      let isOK = response.head.status == .ok
      let body = try await response.collect(upTo: 1 << 20)
      if isOK, body.count > 500, body.first == UInt8(ascii: "{") { right += 1 }
    }
    return right
  }

  private let patient = Timeouts(total: .seconds(600))

  private func concurrent(tasks: Int) async throws -> Int {
    try await withThrowingTaskGroup(of: Int.self) { group in
      for task in 0..<tasks {
        let count = number / tasks + (task < number % tasks ? 1 : 0)
        group.addTask { try await retrieve(count) }
      }
      return try await group.reduce(0, +)
    }
  }

  private func waiting() async throws -> Outcome {
    _ = try await retrieve(1)
    let idle = Usage.peakMegabytes
    let right = try await concurrent(tasks: number)
    let each = (Usage.peakMegabytes - idle) * 1024 / Double(number)
    return Outcome(
      expected: number, right: right,
      extra: [("idle_mb", idle.rounded(to: 1)), ("kib_each", each.rounded(to: 2))])
  }

  private func upload() async throws -> Outcome {
    let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000)
    let count = number
    let body = RequestBody.producer(length: Int64(count * piece.count), isReplayable: true) {
      Pieces(count, of: piece)
    }
    let response = try await transport.send(request(.post, "/files", body: body, timeouts: .transfer))
    let isOK = response.head.status == .ok
    _ = try await response.collect(upTo: 1 << 20)
    return Outcome(expected: 1, right: isOK ? 1 : 0, bytes: count * piece.count)
  }

  private func download() async throws -> Outcome {
    var outcome = Outcome(expected: number, right: 0)
    for _ in 0..<number {
      var request = request(.get, "/files/file-out/content", timeouts: .transfer)
      request.expectsLongResponse = true
      let response = try await transport.send(request)
      let length = response.head.headerFields[.contentLength].flatMap { Int($0) }
      var body = response.takeBody()
      var count = 0
      while let chunk = try await body.next() { count += chunk.count }
      if count == length { outcome.right += 1 }
      outcome.bytes += count
    }
    return outcome
  }
}
