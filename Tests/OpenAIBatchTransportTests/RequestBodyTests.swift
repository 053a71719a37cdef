// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchTransport
import Testing

struct RequestBodyTests {
  @Test func bytesAreReplayedWhole() async throws {
    let bytes = [UInt8](repeating: 7, count: 600_000)
    let body = RequestBody.bytes(bytes)
    #expect(body.length == 600_000)
    #expect(body.isReplayable)
    for _ in 0..<2 { #expect(try await all(of: body) == bytes) }
  }

  @Test func emptyHasNoBytes() async throws {
    #expect(RequestBody.empty.length == 0)
    #expect(try await all(of: .empty).isEmpty)
  }

  @Test func fileIsReadFromDisk() async throws {
    let path = try temporaryFile(String(repeating: "x", count: 300_000))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let body = RequestBody.file(path)
    #expect(body.length == 300_000)
    #expect(try await all(of: body).count == 300_000)
  }

  @Test func aFileThatChangesLengthIsAnError() async throws {
    let path = try temporaryFile("before")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let body = RequestBody.file(path)
    try Data("a longer text".utf8).write(to: URL(fileURLWithPath: path))
    let failure = await #expect(throws: TransportFailure.self) { try await all(of: body) }
    #expect(failure?.kind == .body)
  }

  @Test(arguments: ["/nonexistent/requests.jsonl", NSTemporaryDirectory()])
  func whatIsNotAFileCannotBeOpened(path: String) async throws {
    let body = RequestBody.file(path)
    #expect(body.length == nil)
    let failure = await #expect(throws: TransportFailure.self) { try await body.open() }
    #expect(failure?.kind == .body)
    #expect(failure?.mayHaveReachedServer == false)
    #expect((failure?.underlying as? FileFailure)?.path == path)
  }

  @Test(arguments: [(declared: Int64(5), given: 4), (5, 6), (0, 1)])
  func aProducerIsHeldToItsLength(declared: Int64, given: Int) async throws {
    let body = RequestBody.producer(length: declared, isReplayable: false) { ArrayReader(count: given) }
    let failure = await #expect(throws: TransportFailure.self) { try await all(of: body) }
    #expect(failure?.kind == .body)
  }

  @Test func theSourcesOwnErrorIsKept() async throws {
    struct Broken: Error {}
    let body = RequestBody.producer(length: nil, isReplayable: false) { throw Broken() }
    let failure = await #expect(throws: TransportFailure.self) { try await body.open() }
    #expect(failure?.underlying is Broken)
  }

  private func all(of body: RequestBody) async throws -> [UInt8] {
    let reader = try await body.open()
    var bytes: [UInt8] = []
    while let chunk = try await reader.next() { bytes += chunk }
    return bytes
  }

  private func temporaryFile(_ text: String) throws -> String {
    let path = NSTemporaryDirectory() + "request-body-\(UUID().uuidString)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }
}

/// Gives one byte at a time.
private final class ArrayReader: RequestBodyReader, @unchecked Sendable {
  private var left: Int
  init(count: Int) { left = count }
  func next() -> ArraySlice<UInt8>? {
    guard left > 0 else { return nil }
    left -= 1
    return [1]
  }
}
