// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation
internal import HTTPTypes
internal import OpenAIBatchJSON
internal import OpenAIBatchSimulator
internal import OpenAIBatchTransport
internal import Testing

/// A simulator on a manual clock, and the requests that tests send to it.
struct TestService {
  let clock = ManualClock()
  let simulator: BatchSimulator
  static let start = 1_800_000_000

  init(_ configure: (inout BatchSimulator.Configuration) -> Void = { _ in }) {
    var configuration = BatchSimulator.Configuration(
      clock: clock, startTime: Date(timeIntervalSince1970: Double(Self.start)), seed: 1)
    configure(&configuration)
    simulator = BatchSimulator(configuration: configuration)
  }

  struct Reply {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    var json: JSONValue {
      get throws { try JSONValue(parsing: bytes) }
    }

    var error: JSONValue? { try? JSONValue(parsing: bytes)["error"] }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var lines: [JSONValue] {
      get throws {
        try bytes.split(separator: 0x0A).map { try JSONValue(parsing: $0) }
      }
    }
  }

  func send(
    _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], body: RequestBody = .empty
  ) async throws -> Reply {
    var head = HTTPRequest(
      method: method, scheme: "https", authority: "api.example", path: "/v1\(path)", headerFields: headers)
    if head.headerFields[.authorization] == nil { head.headerFields[.authorization] = "Bearer sk-test" }
    let request = TransportRequest(head: head, body: body, operation: "test")
    let response = try await simulator.transport.send(request)
    let (status, fields) = (response.head.status.code, response.head.headerFields)
    return Reply(status: status, headers: fields, bytes: try await response.collect(upTo: 64 << 20))
  }

  func get(_ path: String) async throws -> Reply { try await send(.get, path) }

  func post(_ path: String, _ json: String) async throws -> Reply {
    try await send(.post, path, body: .bytes(Array(json.utf8)))
  }

  func upload(
    _ content: String, named filename: String = "requests.jsonl",
    fields: [(String, String)] = [("purpose", "batch")]
  ) async throws -> Reply {
    var body = ""
    for (name, value) in fields {
      body += "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
    }
    body += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(filename)\"\r\n"
    body += "Content-Type: application/octet-stream\r\n\r\n\(content)\r\n--b--\r\n"
    return try await send(
      .post, "/files", headers: [.contentType: "multipart/form-data; boundary=b"],
      body: .bytes(Array(body.utf8)))
  }

  /// Uploads an input file and returns its id.
  func input(_ content: String) async throws -> String {
    let reply = try await upload(content)
    return try #require(try reply.json["id"]?.string, "upload failed: \(reply.text)")
  }

  func createBatch(_ fileID: String, endpoint: String = "/v1/chat/completions", more: String = "")
    async throws
    -> Reply
  {
    try await post(
      "/batches",
      #"{"input_file_id":"\#(fileID)","endpoint":"\#(endpoint)","completion_window":"24h"\#(more)}"#)
  }

  /// Uploads an input file, makes a batch of it and returns the batch's id.
  func batch(of content: String, endpoint: String = "/v1/chat/completions") async throws -> String {
    let reply = try await createBatch(input(content), endpoint: endpoint)
    return try #require(try reply.json["id"]?.string, "create failed: \(reply.text)")
  }

  func retrieve(_ batchID: String) async throws -> JSONValue { try await get("/batches/\(batchID)").json }

  func status(_ batchID: String) async throws -> String? { try await retrieve(batchID)["status"]?.string }

  /// The lines of the file that `key` of a batch names; none when there is no such file.
  func lines(_ key: String, of batch: JSONValue) async throws -> [JSONValue] {
    guard let fileID = batch[key]?.string else { return [] }
    return try await get("/files/\(fileID)/content").lines
  }

  /// Runs a batch of these lines to its end, and returns it.
  func run(_ content: String, endpoint: String = "/v1/chat/completions") async throws -> JSONValue {
    let id = try await batch(of: content, endpoint: endpoint)
    clock.advance(by: .seconds(60))
    return try await retrieve(id)
  }
}

/// A request line for Chat Completions.
func chatLine(_ id: String, _ text: String = "Hello", more: String = "") -> String {
  #"{"custom_id":"\#(id)","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-4o-mini","messages":[{"role":"user","content":"\#(text)"}]\#(more)}}"#
    + "\n"
}

/// A number of request lines.
func chatLines(_ count: Int) -> String {
  (0..<count).map { chatLine("row-\($0)", "Hello \($0)") }.joined()
}
