// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatch
import OpenAIBatchConformance
import Testing

private let forbidden: [String: String] = [
  "empty": "",
  "over 2,048 bytes": String(repeating: "x", count: 2049),
  "over 2,048 bytes in few characters": String(repeating: "\u{1F680}", count: 513),
  "NUL": "a\0b",
  "line feed": "a\nb",
  "CRLF": "a\r\nb",
  "DEL": "a\u{7F}",
  "C1 control": "a\u{85}b",
  "encoded line feed": "a%0Ab",
  "encoded twice line feed": "a%250ab",
  "dot": ".",
  "dots": "..",
  "encoded dot": "%2e",
  "encoded dots": "%2E%2e",
  "half encoded dots": ".%2E",
  "dots encoded twice": "%252e%252e",
  "dots encoded five times": "%252525252e.",
  "climbing out": "../files",
  "climbing inside": "batch_1/../../files",
  "ending in dots": "batch_1/..",
  "a dot between": "a/./b",
  "encoded slash": "..%2Ffiles",
  "slash encoded twice": "a%252F..%252Fb",
  "backslash": "..\\files",
  "encoded backslash": "a%5C..%5Cb",
  "dots before a slash with an accent": "../\u{301}x",
  "dots after a slash with an accent": "a/\u{301}/../b",
]

private let legal: [String: String] = [
  "batch_67f0a1": "batch_67f0a1",
  "a/b": "a%2Fb",
  "/": "%2F",
  "a//b": "a%2F%2Fb",
  "...": "...",
  "..a": "..a",
  "a..b/c": "a..b%2Fc",
  "é": "%C3%A9",
  "\u{1F680}": "%F0%9F%9A%80",
  "a b": "a%20b",
  "a?limit=1": "a%3Flimit%3D1",
  "a#b": "a%23b",
  "100%": "100%25",
  "%2": "%252",
  "%+5": "%25%2B5",
  "%41": "%2541",
  "a;b=c": "a%3Bb%3Dc",
  "@host:1": "%40host%3A1",
  "a\\b": "a%5Cb",
]

@Suite struct PathTests {
  @Test(arguments: forbidden)
  func refusesAnIDBeforeSending(name: String, id: String) async throws {
    let server = try LoopbackServer.answering { _ in .json("{}") }
    defer { server.stop() }
    let client = BatchClient.loopback(server, .curl)
    let batch = BatchID(id)
    let file = FileID(id)
    let errors = [
      try await failure { try await client.retrieveBatch(batch) },
      try await failure { try await client.cancelBatch(batch) },
      try await failure { try await client.waitUntilEnded(batch) },
      try await failure { for try await _ in client.results(of: batch) {} },
      try await failure { try await client.retrieveFile(file) },
      try await failure { try await client.deleteFile(file) },
      try await failure { for try await _ in client.content(of: file) {} },
      try await failure { try await client.downloadFile(file, to: "/nonexistent/x") },
    ]
    #expect(errors.map(\.kind) == Array(repeating: .invalidRequest, count: errors.count))
    #expect(errors.allSatisfy { $0.message.contains("_id is ") && $0.message.utf8.count < 400 })
    #expect(server.connectionCount == 0)
  }

  @Test(arguments: legal, Wire.allCases)
  func sendsAnOddIDToExactlyItsEndpoint(id: (key: String, value: String), wire: Wire) async throws {
    let server = try LoopbackServer.answering { _ in .json(batchText()) }
    defer { server.stop() }
    let client = BatchClient.loopback(server, wire)
    _ = try await client.retrieveBatch(BatchID(id.key))
    _ = try await client.cancelBatch(BatchID(id.key))
    #expect(server.requests.map(\.target) == ["/v1/batches/\(id.value)", "/v1/batches/\(id.value)/cancel"])
  }

  @Test(arguments: Wire.allCases)
  func sendsTheLongestID(wire: Wire) async throws {
    let server = try LoopbackServer.answering { _ in .json(batchText()) }
    defer { server.stop() }
    let id = String(repeating: "x", count: 2048)
    _ = try await BatchClient.loopback(server, wire).retrieveBatch(BatchID(id))
    #expect(server.requests.map(\.target) == ["/v1/batches/\(id)"])
  }

  @Test(arguments: Wire.allCases)
  func encodesAnyCursor(wire: Wire) async throws {
    let server = try LoopbackServer.answering { _ in .json(#"{"data":[],"has_more":false}"#) }
    defer { server.stop() }
    _ = try await BatchClient.loopback(server, wire).listBatches(after: "../a b&c=d#é")
    #expect(server.requests.map(\.target) == ["/v1/batches?after=..%2Fa%20b%26c%3Dd%23%C3%A9&limit=20"])
  }
}
