// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import LoopbackServer
import OpenAIBatchCurl
import OpenAIBatchTransport
import Synchronization
import Testing

/// A transport without the machine's proxies.
func makeTransport(maxConnections: Int = 64, trust: CurlTransport.Trust = .system) -> CurlTransport {
  CurlTransport(.init(maxConnections: maxConnections, trust: trust, proxy: .none), environment: [:])
}

extension LoopbackServer {
  func request(
    _ method: HTTPRequest.Method = .get, _ path: String = "/", body: RequestBody = .empty,
    timeouts: Timeouts = Timeouts(connect: .seconds(30), idle: .seconds(60), total: .seconds(60)),
    headers: HTTPFields = [:]
  ) -> TransportRequest {
    let head = HTTPRequest(
      method: method, scheme: "http", authority: "127.0.0.1:\(port)", path: path, headerFields: headers)
    return TransportRequest(head: head, body: body, timeouts: timeouts, operation: "test")
  }

  /// A server that reads one request from each connection, sends `bytes` and closes.
  static func sending(_ bytes: String) throws -> LoopbackServer {
    try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send(bytes)
    }
  }
}

/// The response's parts as values.
struct Received: Sendable {
  var head: HTTPResponse
  var body: [UInt8]
  var text: String { String(decoding: body, as: UTF8.self) }
}

extension Transport {
  func receive(_ request: TransportRequest, limit: Int = 1 << 20) async throws(TransportFailure) -> Received {
    let response = try await send(request)
    let head = response.head
    return Received(head: head, body: try await response.collect(upTo: limit))
  }

  /// The failure of a call, wherever in it.
  func failure(of request: TransportRequest) async -> TransportFailure? {
    do throws(TransportFailure) {
      _ = try await receive(request)
      return nil
    } catch {
      return error
    }
  }
}

/// Something that happens once and is waited for.
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
    await withCheckedContinuation { waiter in
      let happened = state.withLock { state in
        if !state.happened { state.waiters.append(waiter) }
        return state.happened
      }
      if happened { waiter.resume() }
    }
  }
}

/// A request body whose pieces the test makes.
final class PieceReader: RequestBodyReader {
  private let make: @Sendable () async throws -> ArraySlice<UInt8>?
  init(_ make: @escaping @Sendable () async throws -> ArraySlice<UInt8>?) { self.make = make }
  func next() async throws -> ArraySlice<UInt8>? { try await make() }
}

/// `count` pieces of `length` bytes.
func pieces(_ count: Int, of length: Int) -> PieceReader {
  let left = Mutex(count)
  let piece = [UInt8](repeating: 0x61, count: length)
  return PieceReader {
    left.withLock { left in
      guard left > 0 else { return nil }
      left -= 1
      return piece[...]
    }
  }
}
