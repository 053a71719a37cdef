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

  /// A producer may send requests of its own. What becomes of those is not what becomes of this one.
  @Test(arguments: TransportFailure.Kind.allCases)
  func aFailureOfAnotherRequestIsAFailureOfTheSource(kind: TransportFailure.Kind) async throws {
    let cause = TransportFailure(kind, "another request's", mayHaveReachedServer: false)
    let halfWay = RequestBody.producer(length: nil, isReplayable: false) {
      ArrayReader(count: 1, failure: cause)
    }
    let late = await #expect(throws: TransportFailure.self) { try await all(of: halfWay) }
    #expect(late?.kind == .body)
    #expect(late?.mayHaveReachedServer == true)
    let early = await #expect(throws: TransportFailure.self) {
      try await RequestBody.producer(length: nil, isReplayable: false) { throw cause }.open()
    }
    #expect(early?.kind == .body)
    #expect(early?.mayHaveReachedServer == false)
    // A body within this one has no other cause than its own.
    for failure in [late, early] {
      #expect((failure?.underlying as? TransportFailure)?.kind == (kind == .body ? nil : kind))
    }
  }

  @Test func emptyPiecesAreSkipped() async throws {
    let body = RequestBody.producer(length: 2, isReplayable: false) {
      ArrayReader(pieces: [[], [1], [], [], [2], []])
    }
    let reader = try await body.open()
    #expect(try await reader.next() == [1])
    #expect(try await reader.next() == [2])
    #expect(try await reader.next() == nil)
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

/// Gives one piece at a time, then the end or a failure.
private final class ArrayReader: RequestBodyReader, @unchecked Sendable {
  private var pieces: ArraySlice<[UInt8]>
  private let failure: (any Error)?

  init(pieces: [[UInt8]], failure: (any Error)? = nil) {
    self.pieces = pieces[...]
    self.failure = failure
  }

  convenience init(count: Int, failure: (any Error)? = nil) {
    self.init(pieces: Array(repeating: [1], count: count), failure: failure)
  }

  func next() throws -> ArraySlice<UInt8>? {
    if let piece = pieces.popFirst() { return piece[...] }
    if let failure { throw failure }
    return nil
  }
}
