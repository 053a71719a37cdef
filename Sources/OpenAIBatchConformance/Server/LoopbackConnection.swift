// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

/// One accepted connection, scripted from its own thread. Calls block.
package final class LoopbackConnection: Sendable {
  private let socket: Socket
  private let record: @Sendable (RecordedRequest) -> Void
  /// Bytes that were received and not yet read.
  private let received = Mutex<ArraySlice<UInt8>>([])

  init(_ socket: Socket, record: @escaping @Sendable (RecordedRequest) -> Void) {
    self.socket = socket
    self.record = record
  }

  // MARK: Reading

  /// Reads one request with its whole body (by Content-Length or chunked); `nil` when the peer closed.
  package func readRequest() -> RecordedRequest? {
    guard var request = readHead() else { return nil }
    if request.header("transfer-encoding")?.lowercased() == "chunked" {
      var body: [UInt8] = []
      guard readChunks({ body += $0 }) else { return nil }
      request.body = body
    } else if let length = request.header("content-length").flatMap({ Int($0) }), length > 0 {
      guard let body = read(count: length) else { return nil }
      request.body = body
    }
    record(request)
    return request
  }

  /// Reads a request's head only; its body stays in the socket.
  package func readHead() -> RecordedRequest? {
    read(through: [13, 10, 13, 10]).map { RecordedRequest(head: String(decoding: $0, as: UTF8.self)) }
  }

  /// Reads a chunked body to its end, handing over each chunk; `false` when the peer closed before.
  @discardableResult
  package func readChunks(_ handle: ([UInt8]) -> Void) -> Bool {
    while true {
      guard let line = read(through: [13, 10]),
        let size = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16),
        let chunk = read(count: size + 2)
      else { return false }
      if size == 0 { return true }
      handle(Array(chunk[..<size]))
    }
  }

  /// Reads exactly `count` bytes; `nil` when the peer closed before.
  package func read(count: Int) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    while result.count < count {
      guard let piece = readSome(atMost: count - result.count) else { return nil }
      result += piece
    }
    return result
  }

  /// Reads what is there, at most `limit` bytes; `nil` when the peer closed.
  package func readSome(atMost limit: Int) -> [UInt8]? {
    let held = received.withLock { received in
      defer { received = received.dropFirst(limit) }
      return Array(received.prefix(limit))
    }
    guard held.isEmpty else { return held }
    guard let bytes = socket.receive(atMost: max(limit, 64 << 10)) else { return nil }
    received.withLock { $0 = bytes.dropFirst(limit) }
    return bytes.count > limit ? Array(bytes[..<limit]) : bytes
  }

  /// Blocks until the peer closes, reading and dropping what it sends.
  package func waitForPeerToClose() {
    while readSome(atMost: 64 << 10) != nil {}
  }

  private func read(through end: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    while let piece = readSome(atMost: 64 << 10) {
      let start = max(0, result.count - end.count + 1)
      result += piece
      if let place = result[start...].firstRange(of: end) {
        received.withLock { $0 = result[place.upperBound...] + $0 }
        return Array(result[..<place.upperBound])
      }
    }
    return nil
  }

  // MARK: Writing

  /// Sends bytes; `false` when the peer is gone.
  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool { socket.send(bytes) }

  /// Sends text as UTF-8; `false` when the peer is gone.
  @discardableResult
  package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Closes in order (FIN).
  package func close() { socket.close() }

  /// Breaks the connection off (RST).
  package func reset() { socket.reset() }
}
