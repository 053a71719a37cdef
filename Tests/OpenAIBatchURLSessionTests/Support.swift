// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import LoopbackServer
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Synchronization
import Testing

extension TransportRequest {
  /// A request to a server of this test.
  init(
    _ method: HTTPRequest.Method = .get, _ path: String = "/v1/batches", on server: LoopbackServer,
    fields: HTTPFields = [:], body: RequestBody = .empty, timeouts: Timeouts = .short
  ) {
    self.init(
      head: HTTPRequest(
        method: method, scheme: "http", authority: "127.0.0.1:\(server.port)", path: path,
        headerFields: fields),
      body: body, timeouts: timeouts, operation: "test")
  }
}

extension Timeouts {
  /// Long enough for a busy machine, short enough to end a test that hangs.
  static let short = Timeouts(connect: .seconds(10), idle: .seconds(20), total: .seconds(30))
}

extension URLSessionTransport {
  /// Sends and reads the whole response.
  func exchange(
    _ request: TransportRequest, upTo limit: Int = 64 << 20
  ) async throws(TransportFailure) -> (head: HTTPResponse, body: [UInt8]) {
    let response = try await send(request)
    let head = response.head
    return (head, try await response.collect(upTo: limit))
  }

  /// The failure of an exchange, which must fail.
  func failure(
    of request: TransportRequest, sourceLocation: SourceLocation = #_sourceLocation
  ) async -> TransportFailure? {
    do {
      let (head, body) = try await exchange(request)
      Issue.record("got \(head.status) with \(body.count) bytes", sourceLocation: sourceLocation)
      return nil
    } catch {
      return error
    }
  }
}

/// Something that happens once and can be waited for.
final class Event: Sendable {
  private let state = Mutex<(happened: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

  func signal() {
    let waiters = state.withLock { state in
      state.happened = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let happened = state.withLock { state in
        if !state.happened { state.waiters.append(continuation) }
        return state.happened
      }
      if happened { continuation.resume() }
    }
  }
}

/// Bytes that can be checked without being kept: a fixed pattern with a sum.
struct Pattern {
  static func bytes(_ count: Int, from offset: Int = 0) -> [UInt8] {
    (offset..<offset + count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
  }

  /// FNV-1a.
  struct Checksum: Equatable {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325
    mutating func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
  }

  static func checksum(_ bytes: some Sequence<UInt8>) -> Checksum {
    var checksum = Checksum()
    checksum.add(bytes)
    return checksum
  }
}

/// A request body made of equal pieces.
final class Pieces: RequestBodyReader {
  private let state: Mutex<Int>
  private let piece: [UInt8]
  private let fail: (any Error)?

  init(_ count: Int, of piece: [UInt8], failing fail: (any Error)? = nil) {
    state = Mutex(count)
    self.piece = piece
    self.fail = fail
  }

  func next() throws -> ArraySlice<UInt8>? {
    let isLeft = state.withLock { left in
      defer { left = max(left - 1, 0) }
      return left > 0
    }
    if isLeft { return piece[...] }
    if let fail { throw fail }
    return nil
  }
}
